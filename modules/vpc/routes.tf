# One route table for all public subnets: their only route leads to the internet gateway, which belongs to no zone.
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

# One route table per zone, so that each zone can have its own egress. The IPv4 default route is added by the owner of the egress.
resource "aws_route_table" "private" {
  for_each = var.zones

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-private-${each.key}" })

  lifecycle {
    create_before_destroy = true # functions leave a removed zone first, as for its subnet
  }
}

# Over IPv6 the public subnets reach the internet, and the private ones start connections to it, without a NAT gateway.
resource "aws_route" "ipv6" {
  for_each = toset(local.has_ipv6 ? concat(["public"], keys(var.zones)) : [])

  route_table_id              = each.key == "public" ? aws_route_table.public.id : aws_route_table.private[each.key].id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = each.key == "public" ? aws_internet_gateway.this.id : null
  egress_only_gateway_id      = each.key == "public" ? null : aws_egress_only_internet_gateway.this[0].id

  lifecycle { create_before_destroy = true }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id

  lifecycle { create_before_destroy = true }
}

# Explicit tables, as a subnet without one has the main route table of the VPC.
resource "aws_route_table" "isolated" {
  for_each = local.isolated_zones

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-isolated-${each.key}" })

  lifecycle { create_before_destroy = true }
}

resource "aws_route_table_association" "isolated" {
  for_each = aws_subnet.isolated

  subnet_id      = each.value.id
  route_table_id = aws_route_table.isolated[each.key].id

  lifecycle { create_before_destroy = true }
}

resource "aws_route_table_association" "tier" {
  for_each = local.tier_subnets

  subnet_id      = aws_subnet.tier[each.key].id
  route_table_id = var.tiers[each.value.tier].routed ? aws_route_table.private[each.value.zone].id : aws_route_table.isolated[each.value.zone].id

  lifecycle { create_before_destroy = true }
}
