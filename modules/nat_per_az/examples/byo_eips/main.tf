module "vpc" {
  source = "../../../vpc"

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }
}

# Addresses on partners' allow lists outlive the NAT gateways. Manage them in a separate stack.
resource "aws_eip" "egress" {
  #checkov:skip=CKV2_AWS_19:a NAT gateway uses the address through the module, which checkov does not follow

  for_each = toset(["us-east-1a", "us-east-1b"])

  domain = "vpc"
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  name = "${var.name}-alarms"
}

module "nat_per_az" {
  source = "../.."

  name           = var.name
  zones          = module.vpc.zones
  allocation_ids = { for zone, address in aws_eip.egress : zone => address.allocation_id }
  alarms         = { topic_arn = aws_sns_topic.alarms.arn }
}
