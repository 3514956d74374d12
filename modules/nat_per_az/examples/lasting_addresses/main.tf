terraform {
  required_version = ">= 1.11"

  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { Stack = var.name }
  }
}

variable "name" {
  description = "Name of everything in this example."
  type        = string
}

module "vpc" {
  source = "../../../vpc"

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }
}

# addresses that partners have on their lists: they outlive the gateways, and in practice live in a stack of their own
resource "aws_eip" "lasting" {
  #checkov:skip=CKV2_AWS_19:a NAT gateway takes it, through the module, which checkov does not follow

  for_each = toset(["us-east-1a", "us-east-1b"])

  domain = "vpc"
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch's alarms cannot publish under alias/aws/sns, whose policy is AWS's; what they say is no secret

  name = "${var.name}-alarms"
}

module "nat_per_az" {
  source = "../.."

  name           = var.name
  zones          = module.vpc.zones
  allocation_ids = { for zone, address in aws_eip.lasting : zone => address.allocation_id }
  alarms         = { topic_arn = aws_sns_topic.alarms.arn }
}

output "egress_ips" {
  description = "What the internet sees each zone come from."
  value       = module.nat_per_az.egress_ips
}
