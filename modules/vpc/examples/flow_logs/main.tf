module "vpc" {
  source = "../.."

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }

  flow_logs         = { retention_days = 30, traffic_type = "REJECT" }
  gateway_endpoints = ["s3", "dynamodb"]
  tier_tags         = { private = { Tier = "private" } }
}
