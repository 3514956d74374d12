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

module "nat_per_az" {
  source = "../../../nat_per_az"

  name        = var.name
  zones       = module.vpc.zones
  mode        = "single"
  single_zone = "us-east-1a"
}

# What an organization allows at most, whatever the role's policy says.
resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_290:Lambda needs the actions on network interfaces on all resources
  #checkov:skip=CKV_AWS_355:Lambda needs the actions on network interfaces on all resources

  name        = "${var.name}-boundary"
  description = "Permissions boundary of functions"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${data.aws_partition.current.partition}:logs:*:*:log-group:/aws/lambda/${var.name}*"
      },
      {
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  name = "${var.name}-alarms"
}

module "function" {
  source = "../.."

  name    = "${var.name}-api"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { for zone in keys(module.nat_per_az.nat_gateway_ids) : zone => module.vpc.zones[zone].private_subnet_id }

  egress_rules = { https = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }

  # anybody may call the URL and the API: use AWS_IAM for callers with credentials
  alias        = "live"
  function_url = { auth = "NONE" }

  http_api = {
    routes     = { "GET /address" = "NONE", "GET /private" = "AWS_IAM" }
    throttling = { rate = 50, burst = 100 }
    cors       = { allow_origins = ["https://www.example.com"] }
  }

  alarms    = { topic_arn = aws_sns_topic.alarms.arn }
  dashboard = true

  # what the function counts itself, in the embedded metric format
  metrics = {
    OriginError = { namespace = "shop", dimensions = { service = "${var.name}-api" }, threshold = 0, description = "gets errors from its origin" }
    Stale       = { namespace = "shop", dimensions = { service = "${var.name}-api" } }
  }

  schedules = { refresh = { expression = "rate(1 hour)", input = jsonencode({}) } }

  ephemeral_storage_mb = 1024
  logging              = { application_level = "INFO", system_level = "WARN" }
  role                 = { path = "/functions/", permissions_boundary = aws_iam_policy.boundary.arn }
}
