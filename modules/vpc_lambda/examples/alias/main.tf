data "aws_partition" "current" {}

module "vpc" {
  source = "../../../vpc"

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  name = "${var.name}-alarms"
}

# The private subnets have no NAT gateway, as this function needs no egress.
module "function" {
  source = "../.."

  name    = "${var.name}-job"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, subnets in module.vpc.zones : zone => subnets.private_subnet_id }

  alias                = "live"
  release              = var.release
  ephemeral_storage_mb = 1024
  reserved_concurrency = 5
  alarms               = { topic_arn = aws_sns_topic.alarms.arn }
  dead_letters         = { target_arn = aws_sns_topic.alarms.arn }

  policy_statements = {
    ReadPrices = {
      actions   = ["s3:GetObject"]
      resources = ["arn:${data.aws_partition.current.partition}:s3:::prices/*"]
    }
  }
}
