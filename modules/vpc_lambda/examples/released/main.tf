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

variable "bundle" {
  description = "The function's zip: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
}

data "aws_partition" "current" {}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch's alarms cannot publish under alias/aws/sns, whose policy is AWS's; what they say is no secret

  name = "${var.name}-alarms"
}

# in the subnets without a way out: it needs none
module "function" {
  source = "../.."

  name    = "${var.name}-job"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, place in module.vpc.zones : zone => place.private_subnet_id }

  alias                = "live"
  reserved_concurrency = 5
  alarms               = { topic_arn = aws_sns_topic.alarms.arn }
  dead_letters         = { target_arn = aws_sns_topic.alarms.arn }
  policy_statements    = { ReadPrices = { actions = ["s3:GetObject"], resources = ["arn:${data.aws_partition.current.partition}:s3:::prices/*"] } }
}

output "alias_arn" {
  description = "What callers invoke."
  value       = module.function.alias_arn
}
