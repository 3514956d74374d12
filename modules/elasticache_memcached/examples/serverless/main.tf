module "vpc" {
  source = "../../../vpc"

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/27", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.0.64/28" }
    us-east-1b = { public_cidr = "10.0.0.32/27", private_cidr = "10.0.0.192/26", isolated_cidr = "10.0.0.80/28" }
  }
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  name = "${var.name}-alarms"
}

module "cache" {
  source = "../.."

  name    = var.name
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, subnets in module.vpc.zones : zone => subnets.isolated_subnet_id }

  serverless = { max_data_gb = 5, max_ecpu_per_second = 5000 }

  client_security_groups = { client = module.function["client"].security_group_id }

  alarms = { topic_arn = aws_sns_topic.alarms.arn }
}

# Both functions may send to the cache's port in the whole VPC. The cache admits one of them.
module "function" {
  source   = "../../../vpc_lambda"
  for_each = toset(["client", "stranger"])

  name    = "${var.name}-${each.key}"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, subnets in module.vpc.zones : zone => subnets.private_subnet_id }

  egress_rules = { cache = { port = 11211, cidr_ipv4 = module.vpc.cidr_block } }
}
