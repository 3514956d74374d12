resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id               = aws_vpc.this.id
  availability_zone    = local.zone_names[each.key]
  availability_zone_id = local.zone_ids[each.key]
  cidr_block           = local.cidrs["public-${each.key}"]
  ipv6_cidr_block      = local.ipv6_cidrs["public-${each.key}"]
  tags                 = merge(var.tags, var.tier_tags.public, { Name = "${var.name}-public-${each.key}" })

  # The plan is rejected, as for the VPC's CIDR block: a change would destroy everything in the subnet.
  lifecycle {
    ignore_changes = [cidr_block]

    postcondition {
      condition     = self.cidr_block == local.cidrs["public-${each.key}"]
      error_message = format(local.changed_cidr, local.cidrs["public-${each.key}"], "public", each.key, self.cidr_block)
    }
  }

  depends_on = [aws_vpc_ipv4_cidr_block_association.this]
}

resource "aws_subnet" "private" {
  for_each = var.zones

  vpc_id               = aws_vpc.this.id
  availability_zone    = local.zone_names[each.key]
  availability_zone_id = local.zone_ids[each.key]
  cidr_block           = local.cidrs["private-${each.key}"]
  ipv6_cidr_block      = local.ipv6_cidrs["private-${each.key}"]
  tags                 = merge(var.tags, var.tier_tags.private, { Name = "${var.name}-private-${each.key}" })

  lifecycle {
    # when a zone is removed, functions and cache nodes leave this subnet before Terraform destroys it and its egress
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition     = self.cidr_block == local.cidrs["private-${each.key}"]
      error_message = format(local.changed_cidr, local.cidrs["private-${each.key}"], "private", each.key, self.cidr_block)
    }
  }

  # AWS retains a function's network interfaces for up to 45 minutes after the function is deleted
  timeouts { delete = "60m" }

  depends_on = [aws_vpc_ipv4_cidr_block_association.this]
}

# No route leads out of the VPC: for the cache, and for other resources that only the VPC's members reach.
resource "aws_subnet" "isolated" {
  for_each = { for zone, values in var.zones : zone => values if values.isolated_cidr != null }

  vpc_id               = aws_vpc.this.id
  availability_zone    = local.zone_names[each.key]
  availability_zone_id = local.zone_ids[each.key]
  cidr_block           = local.cidrs["isolated-${each.key}"]
  ipv6_cidr_block      = local.ipv6_cidrs["isolated-${each.key}"]
  tags                 = merge(var.tags, var.tier_tags.isolated, { Name = "${var.name}-isolated-${each.key}" })

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition     = self.cidr_block == local.cidrs["isolated-${each.key}"]
      error_message = format(local.changed_cidr, local.cidrs["isolated-${each.key}"], "isolated", each.key, self.cidr_block)
    }
  }

  timeouts { delete = "60m" }

  depends_on = [aws_vpc_ipv4_cidr_block_association.this]
}

# The tiers of var.tiers: a routed one has the private route table of its zone, another one the isolated table.
resource "aws_subnet" "tier" {
  for_each = local.tier_subnets

  vpc_id               = aws_vpc.this.id
  availability_zone    = local.zone_names[each.value.zone]
  availability_zone_id = local.zone_ids[each.value.zone]
  cidr_block           = local.cidrs[each.key]
  ipv6_cidr_block      = local.ipv6_cidrs[each.key]
  tags                 = merge(var.tags, var.tiers[each.value.tier].tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition     = self.cidr_block == local.cidrs[each.key]
      error_message = format(local.changed_cidr, local.cidrs[each.key], each.value.tier, each.value.zone, self.cidr_block)
    }
  }

  timeouts { delete = "60m" }

  depends_on = [aws_vpc_ipv4_cidr_block_association.this]
}
