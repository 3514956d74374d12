data "aws_region" "this" {}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(var.tags, { Name = var.name })

  lifecycle {
    # A new CIDR block replaces the VPC. With the change ignored, self has the current CIDR block and the postcondition rejects the plan.
    ignore_changes = [cidr_block]

    postcondition {
      condition = self.cidr_block == var.cidr_block
      error_message = join(" ", [
        "cidr_block is ${var.cidr_block}: it must be ${self.cidr_block}, the current CIDR block of the VPC ${var.name},",
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
        "zones has ${join(", ", local.subnets_outside_vpc)} outside the VPC's CIDR block ${var.cidr_block}:",
        "the CIDR block of each subnet must be inside cidr_block.",
      ])
    }

    precondition {
      condition     = length(local.overlapping_subnets) == 0
      error_message = "zones has overlapping subnets: ${join("; ", local.overlapping_subnets)}. Their CIDR blocks must be disjoint."
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
      "cidr_block is ${var.cidr_block}, outside the private CIDR blocks ${join(", ", local.private_cidrs)}:",
      "functions in the VPC cannot reach internet hosts with these addresses.",
    ])
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

# No rules: a resource without an explicit security group has no network access.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}
