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
  source = "../.."

  name  = var.name
  zones = module.vpc.zones

  failover = {
    vpc_id           = module.vpc.vpc_id
    targets          = var.targets
    interval_seconds = 5
    failures         = 2
    successes        = 3
  }
}

module "probe" {
  source   = "../../../vpc_lambda"
  for_each = module.nat_per_az.nat_gateway_ids

  name    = "${var.name}-probe-${each.key}"
  bundle  = var.bundle
  vpc_id  = module.vpc.vpc_id
  subnets = { (each.key) = module.vpc.zones[each.key].private_subnet_id }

  egress_rules = { https = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
}
