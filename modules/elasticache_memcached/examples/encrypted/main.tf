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
  #checkov:skip=CKV2_AWS_5:the caller attaches the group to the clients

  name        = "${var.name}-client"
  description = "Clients of the cache"
  vpc_id      = module.vpc.vpc_id
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  name = "${var.name}-alarms"
}

module "cache" {
  source = "../.."

  name    = var.name
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone, subnets in module.vpc.zones : zone => subnets.private_subnet_id }
  nodes   = ["us-east-1a", "us-east-1b"]

  client_security_groups = { client = aws_security_group.client.id }

  transit_encryption     = true
  maintenance_window     = "sun:05:00-sun:06:00"
  parameters             = { max_item_size = "2097152" }
  notification_topic_arn = aws_sns_topic.alarms.arn
  alarms                 = { topic_arn = aws_sns_topic.alarms.arn, evictions = 1000 }
}
