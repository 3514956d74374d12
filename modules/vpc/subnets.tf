resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.public_cidr
  tags              = merge(var.tags, var.tier_tags.public, { Name = "${var.name}-public-${each.key}" })

  # as with the VPC's range: refused in the plan, as what is in the subnet would have to go first
  lifecycle {
    ignore_changes = [cidr_block]

    postcondition {
      condition     = self.cidr_block == each.value.public_cidr
      error_message = "The public subnet of ${each.key} has the range ${self.cidr_block}, which cannot change to ${each.value.public_cidr}. Remove ${each.key} from zones, apply, then add it again with the new range."
    }
  }
}

resource "aws_subnet" "private" {
  for_each = var.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.private_cidr
  tags              = merge(var.tags, var.tier_tags.private, { Name = "${var.name}-private-${each.key}" })

  lifecycle {
    # when a zone is removed, functions and caches leave this subnet before it and its way out are destroyed
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition     = self.cidr_block == each.value.private_cidr
      error_message = "The private subnet of ${each.key} has the range ${self.cidr_block}, which cannot change to ${each.value.private_cidr}. Remove ${each.key} from zones, apply, then add it again with the new range."
    }
  }

  # AWS keeps a function's network interfaces here for up to 45 minutes after the function is gone
  timeouts {
    delete = "60m"
  }
}
