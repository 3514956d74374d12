data "aws_partition" "current" {}

module "vpc" {
  source = "../.."

  name       = var.name
  cidr_block = "10.0.0.0/24"

  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/27", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.0.64/28" }
    us-east-1b = { public_cidr = "10.0.0.32/27", private_cidr = "10.0.0.192/26", isolated_cidr = "10.0.0.80/28" }
  }

  # STS answers inside the VPC, for the roles of this VPC's account only
  interface_endpoints = { services = ["sts"] }
  gateway_endpoints   = ["s3"]
  gateway_endpoint_policies = { s3 = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "arn:${data.aws_partition.current.partition}:s3:::${var.name}-*/*"
    }]
  }) }

  # plain text, as the lab writes no Parquet files
  flow_logs = { s3 = { bucket_arn = aws_s3_bucket.flow_logs.arn, parquet = false } }
}

resource "aws_s3_bucket" "flow_logs" {
  #checkov:skip=CKV_AWS_18:an example; the records are a log
  #checkov:skip=CKV_AWS_21:records are written once
  #checkov:skip=CKV_AWS_144:records are for the region's network
  #checkov:skip=CKV_AWS_145:S3 encrypts at rest with its own key
  #checkov:skip=CKV2_AWS_6:an example; S3 blocks public access of new buckets
  #checkov:skip=CKV2_AWS_61:an example; set the time after which records are deleted
  #checkov:skip=CKV2_AWS_62:nothing waits for records

  bucket        = "${var.name}-flow-logs"
  force_destroy = true
}

module "nat_per_az" {
  source = "../../../nat_per_az"

  name        = var.name
  zones       = module.vpc.zones
  mode        = "single"
  single_zone = "us-east-1a"
}

# The same function in both tiers of a zone: only the private one reaches the internet.
module "function" {
  source = "../../../vpc_lambda"
  for_each = {
    private  = module.vpc.zones["us-east-1b"].private_subnet_id
    isolated = module.vpc.zones["us-east-1b"].isolated_subnet_id
  }

  name    = "${var.name}-${each.key}"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { us-east-1b = each.value }

  egress_rules = { https = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
}
