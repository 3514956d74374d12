resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  policy            = lookup(var.gateway_endpoint_policies, each.key, null)
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# Separate resources instead of the endpoint's list, so that adding a zone changes no existing resource.
resource "aws_vpc_endpoint_route_table_association" "private" {
  for_each = local.endpoint_associations

  vpc_endpoint_id = aws_vpc_endpoint.gateway[each.value.service].id
  route_table_id  = aws_route_table.private[each.value.zone].id
}

# An added zone changes the endpoints in place; a removed one leaves them before its subnet is destroyed.
resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = values(aws_subnet.private)[*].id
  security_group_ids  = aws_security_group.endpoints[*].id
  private_dns_enabled = var.interface_endpoints.private_dns
  policy              = lookup(var.interface_endpoints.policies, each.key, null)
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  count = length(local.interface_endpoints) > 0 ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "Interface endpoints of the VPC ${var.name}"
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(local.interface_endpoints) > 0 ? 1 : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = aws_vpc.this.cidr_block
  tags              = merge(var.tags, { Name = "${var.name}-endpoints-from-vpc" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_secondary" {
  for_each = length(local.interface_endpoints) > 0 ? var.secondary_cidr_blocks : []

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.key
  tags              = merge(var.tags, { Name = "${var.name}-endpoints-from-vpc" })
}
