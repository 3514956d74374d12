data "aws_region" "this" {}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(var.tags, { Name = var.name })

  lifecycle {
    # a new range replaces the VPC: with it ignored, self has the range in AWS, and the plan can refuse a change
    ignore_changes = [cidr_block]

    postcondition {
      condition     = self.cidr_block == var.cidr_block
      error_message = "The range of the VPC ${var.name} is ${self.cidr_block} and cannot change to ${var.cidr_block}, as all in the VPC would have to go first. cidr_block must be ${self.cidr_block}; for another range apply a second stack under another name and destroy this one."
    }

    precondition {
      condition     = length(local.foreign_zones) == 0
      error_message = "zones has ${join(", ", local.foreign_zones)}, but the provider works in ${local.region}: zones must be of ${local.region}, or the module must be given a provider of the other region."
    }

    precondition {
      condition     = length(local.outside) == 0
      error_message = "zones has ${join(", ", local.outside)} outside the VPC's range ${var.cidr_block}: write ranges inside it, or a wider cidr_block."
    }

    precondition {
      condition     = length(local.overlapping) == 0
      error_message = "zones has ranges that overlap: ${join("; ", local.overlapping)}. Write ranges that share no address."
    }
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

locals {
  region = data.aws_region.this.id # the one attribute with the same meaning in provider 5 and 6

  foreign_zones = [for zone in keys(var.zones) : zone if replace(zone, "/[a-z]$/", "") != local.region]
}

# no rules: whatever forgets to name a security group can talk to nothing
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}
