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

resource "aws_security_group" "client" {
  #checkov:skip=CKV2_AWS_5:the clients that bear it are the reader's own

  name        = "${var.name}-client"
  description = "Clients of the cache"
  vpc_id      = module.vpc.vpc_id
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch's alarms cannot publish under alias/aws/sns, whose policy is AWS's; what they say is no secret

  name = "${var.name}-alarms"
}

module "cache" {
  source = "../.."

  name    = var.name
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, place in module.vpc.zones : zone => place.private_subnet_id }
  nodes   = ["us-east-1a", "us-east-1b"]

  client_security_groups = { client = aws_security_group.client.id }

  transit_encryption     = true
  maintenance_window     = "sun:05:00-sun:06:00"
  parameters             = { max_item_size = "2097152" }
  notification_topic_arn = aws_sns_topic.alarms.arn
  alarms                 = { topic_arn = aws_sns_topic.alarms.arn, evictions = 1000 }
}

output "configuration_endpoint" {
  description = "What clients ask for the nodes, over TLS."
  value       = module.cache.configuration_endpoint
}
