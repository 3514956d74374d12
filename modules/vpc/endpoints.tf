resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# one by one, not as a list in the endpoint: a zone more is a resource more, and changes none
resource "aws_vpc_endpoint_route_table_association" "private" {
  for_each = { for pair in setproduct(var.gateway_endpoints, keys(var.zones)) : "${pair[0]}-${pair[1]}" => { service = pair[0], zone = pair[1] } }

  vpc_endpoint_id = aws_vpc_endpoint.gateway[each.value.service].id
  route_table_id  = aws_route_table.private[each.value.zone].id
}
