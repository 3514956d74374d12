resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.public_cidr
  tags              = merge(var.tags, var.tier_tags.public, { Name = "${var.name}-public-${each.key}" })

  # The plan is rejected, as for the VPC's CIDR block: a change would destroy everything in the subnet.
  lifecycle {
    ignore_changes = [cidr_block]

    postcondition {
      condition = self.cidr_block == each.value.public_cidr
      error_message = join(" ", [
        "zones has ${each.value.public_cidr} for the public subnet of ${each.key}:",
        "it must be ${self.cidr_block}, the current CIDR block.",
        "To change it, remove ${each.key} from zones, apply, then add it again with the new CIDR block.",
      ])
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
    # when a zone is removed, functions and cache nodes leave this subnet before Terraform destroys it and its egress
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition = self.cidr_block == each.value.private_cidr
      error_message = join(" ", [
        "zones has ${each.value.private_cidr} for the private subnet of ${each.key}:",
        "it must be ${self.cidr_block}, the current CIDR block.",
        "To change it, remove ${each.key} from zones, apply, then add it again with the new CIDR block.",
      ])
    }
  }

  # AWS retains a function's network interfaces for up to 45 minutes after the function is deleted
  timeouts {
    delete = "60m"
  }
}

# No route leads out of the VPC: for the cache, and for other resources that only the VPC's members reach.
resource "aws_subnet" "isolated" {
  for_each = local.isolated_cidrs

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, var.tier_tags.isolated, { Name = "${var.name}-isolated-${each.key}" })

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [cidr_block]

    postcondition {
      condition = self.cidr_block == each.value
      error_message = join(" ", [
        "zones has ${each.value} for the isolated subnet of ${each.key}:",
        "it must be ${self.cidr_block}, the current CIDR block.",
        "To change it, remove ${each.key} from zones, apply, then add it again with the new CIDR block.",
      ])
    }
  }

  # AWS retains a function's network interfaces for up to 45 minutes after the function is deleted
  timeouts {
    delete = "60m"
  }
}
