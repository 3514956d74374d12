module "vpc" {
  source = "../.."

  name                  = var.name
  cidr_block            = "10.0.0.0/24"
  secondary_cidr_blocks = ["100.64.0.0/24"]

  tiers = { app = { routed = true }, data = { tags = { Tier = "data" } } }

  zones = {
    use1-az1 = {
      public_cidr  = "10.0.0.0/27"
      private_cidr = "10.0.0.64/27"
      tier_cidrs   = { app = "100.64.0.0/26", data = "10.0.0.128/28" }
      ipv6_netnums = { public = 0, app = 1 }
    }
    use1-az2 = {
      public_cidr  = "10.0.0.32/27"
      private_cidr = "10.0.0.96/27"
      tier_cidrs   = { app = "100.64.0.64/26", data = "10.0.0.144/28" }
      ipv6_netnums = { public = 16, app = 17 }
    }
  }

  # HTTPS outwards, and the ports of its answers
  network_acls = { app = [
    { number = 100, ports = "1024-65535", cidr = "0.0.0.0/0" },
    { number = 110, ports = "1024-65535", cidr = "::/0" },
    { number = 120, protocol = "icmp", cidr = "10.0.0.0/24" },
    { number = 100, egress = true, ports = "443", cidr = "0.0.0.0/0" },
    { number = 110, egress = true, ports = "443", cidr = "::/0" },
    { number = 200, egress = true, protocol = "-1", action = "deny", cidr = "10.0.0.128/27" },
  ] }
}

module "nat_per_az" {
  source = "../../../nat_per_az"

  name        = var.name
  zones       = module.vpc.zones
  mode        = "single"
  single_zone = "use1-az1"
}

locals {
  zone = keys(module.nat_per_az.nat_gateway_ids)[1] # known once the default routes exist
}

module "function" {
  source = "../../../vpc_lambda"
  for_each = {
    app     = module.vpc.tiers.app[local.zone].subnet_id
    data    = module.vpc.tiers.data[local.zone].subnet_id
    private = module.vpc.tiers.private[local.zone].subnet_id
  }

  name    = "${var.name}-${each.key}"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { (local.zone) = each.value }

  egress_rules = {
    http  = { port = 80, cidr_ipv4 = "0.0.0.0/0" }
    https = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }
}

# The function of the tier app with an IPv6 address.
resource "aws_lambda_function" "dual_stack" {
  #checkov:skip=CKV_AWS_50:an example
  #checkov:skip=CKV_AWS_115:an example
  #checkov:skip=CKV_AWS_116:an example
  #checkov:skip=CKV_AWS_272:an example

  function_name    = "${var.name}-dual-stack"
  filename         = var.bundle.path
  source_code_hash = var.bundle.sha256
  handler          = "handler.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  role             = module.function["app"].role_arn
  timeout          = 10

  vpc_config {
    subnet_ids                  = [module.vpc.tiers.app[local.zone].subnet_id]
    security_group_ids          = [module.function["app"].security_group_id]
    ipv6_allowed_for_dual_stack = true
  }

  depends_on = [aws_vpc_security_group_egress_rule.ipv6]
}

resource "aws_vpc_security_group_egress_rule" "ipv6" {
  security_group_id = module.function["app"].security_group_id
  description       = "HTTPS over IPv6"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv6         = "::/0"
}
