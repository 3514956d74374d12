data "aws_region" "this" {}

data "aws_availability_zones" "this" {
  #checkov:skip=CKV_AWS_394:the subnets are in the zones that the caller names; a further zone of the region changes nothing

  count = length(compact(values(local.zone_ids))) > 0 ? 1 : 0
}

resource "aws_vpc" "this" {
  cidr_block                       = var.cidr_block
  ipv4_ipam_pool_id                = var.ipam == null ? null : var.ipam.pool_id
  ipv4_netmask_length              = var.ipam == null ? null : var.ipam.netmask_length
  assign_generated_ipv6_cidr_block = local.has_ipv6 ? true : null
  enable_dns_hostnames             = true
  enable_dns_support               = true
  tags                             = merge(var.tags, { Name = var.name })

  lifecycle {
    # A new CIDR block replaces the VPC. With the change ignored, self has the current CIDR block and the postcondition rejects the plan.
    ignore_changes = [cidr_block, ipv4_ipam_pool_id, ipv4_netmask_length]

    postcondition {
      condition = var.ipam == null ? self.cidr_block == var.cidr_block : [self.ipv4_ipam_pool_id, self.ipv4_netmask_length] == [var.ipam.pool_id, var.ipam.netmask_length]
      error_message = join(" ", [
        "cidr_block is ${coalesce(var.cidr_block, "of another IPAM pool or size")}: it must be ${self.cidr_block}, the current CIDR block of the VPC ${var.name},",
        "as a change would destroy everything in the VPC.",
        "For another CIDR block apply a second stack under another name and destroy this one.",
      ])
    }

    precondition {
      condition = length(local.zones_outside_region) == 0
      error_message = join(" ", [
        "zones has ${join(", ", local.zones_outside_region)}, but the provider's region is ${local.region}:",
        "zones must be in ${local.region}, or the module must be given a provider of the other region.",
      ])
    }

    precondition {
      condition = length(local.subnets_outside_vpc) == 0
      error_message = join(" ", [
        "zones has ${join(", ", local.subnets_outside_vpc)} outside the VPC's CIDR blocks:",
        "the CIDR block of each subnet must be inside ${join(" or ", local.vpc_cidrs)}.",
      ])
    }

    precondition {
      condition     = length(local.overlaps) == 0
      error_message = "CIDR blocks overlap: ${join("; ", local.overlaps)}. They must be disjoint."
    }

    precondition {
      condition     = length(local.unknown_tiers) == 0
      error_message = "zones has ${join(", ", local.unknown_tiers)}: each must be in tiers, or for ipv6_netnums a tier with a CIDR block in its zone."
    }

    precondition {
      condition     = length(distinct(local.netnums)) == length(local.netnums) && alltrue([for number in local.netnums : contains(range(256), number)])
      error_message = "zones has the ipv6_netnums ${join(", ", local.netnums)}: each must be a whole number from 0 to 255, and of one subnet only."
    }
  }
}

# Other CIDR blocks are valid too, such as 198.18.0.0/15 or addresses that the account has brought to AWS.
check "private_cidr" {
  assert {
    condition = anytrue([for cidr in local.private_cidrs :
      try(cidrhost("${split("/", var.cidr_block)[0]}/${split("/", cidr)[1]}", 0) == cidrhost(cidr, 0), true)
    ])
    error_message = join(" ", [
      "cidr_block is ${coalesce(var.cidr_block, "null")}, outside the private CIDR blocks ${join(", ", local.private_cidrs)}:",
      "functions in the VPC cannot reach internet hosts with these addresses.",
    ])
  }
}

resource "aws_vpc_ipv4_cidr_block_association" "this" {
  for_each = var.secondary_cidr_blocks

  vpc_id     = aws_vpc.this.id
  cidr_block = each.key
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_egress_only_internet_gateway" "this" {
  count = local.has_ipv6 ? 1 : 0

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

# No rules: a resource without an explicit security group has no network access.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}
