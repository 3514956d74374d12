resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# Separate resources instead of the endpoint's list, so that adding a zone changes no existing resource.
resource "aws_vpc_endpoint_route_table_association" "private" {
  for_each = local.endpoint_associations

  vpc_endpoint_id = aws_vpc_endpoint.gateway[each.value.service].id
  route_table_id  = aws_route_table.private[each.value.zone].id
}
