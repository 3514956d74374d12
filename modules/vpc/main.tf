data "aws_region" "this" {}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(var.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = length(local.foreign_zones) == 0
      error_message = "zones has ${join(", ", local.foreign_zones)}, but the provider works in ${local.region}: write zones of ${local.region}, or give the module a provider of the other region."
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

  # us-east-1a and the local zone us-east-1-bos-1a are both of us-east-1
  foreign_zones = [for zone in keys(var.zones) : zone if try(regex("^[a-z]{2}(?:-[a-z]+)+-[0-9]+", zone), "") != local.region]
}

# no rules: whatever forgets to name a security group can talk to nothing
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}
