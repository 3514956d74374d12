resource "aws_eip" "this" {
  for_each = local.zones_without_allocation

  domain = "vpc"
  tags   = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each = var.zones

  allocation_id = contains(keys(var.allocation_ids), each.key) ? var.allocation_ids[each.key] : aws_eip.this[each.key].allocation_id
  subnet_id     = each.value.public_subnet_id
  tags          = merge(var.tags, { Name = "${var.name}-${each.key}" })

  # when a zone is removed, its functions move to other zones before Terraform destroys its egress
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route" "this" {
  for_each = var.zones

  route_table_id         = each.value.private_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.key].id

  lifecycle {
    create_before_destroy = true
  }
}
