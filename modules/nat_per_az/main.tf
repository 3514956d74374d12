resource "aws_eip" "this" {
  for_each = local.zones_without_allocation

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each = local.gateway_zones

  allocation_id = contains(keys(var.allocation_ids), each.key) ? var.allocation_ids[each.key] : aws_eip.this[each.key].allocation_id
  subnet_id     = var.zones[each.key].public_subnet_id
  tags          = merge(var.tags, { Name = "${var.name}-${each.key}" })

  # When a zone is removed, its functions move to other zones before Terraform destroys its egress. When mode changes, the routes
  # change before Terraform destroys the gateways that they had.
  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.zones[each.key].public_subnet_id != null
      error_message = "zones has no public_subnet_id for ${each.key}: it must be set for each zone with a NAT gateway."
    }
  }
}

resource "aws_route" "this" {
  for_each = local.serving_zones

  route_table_id         = var.zones[each.key].private_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.value].id

  lifecycle {
    create_before_destroy = true
  }
}
