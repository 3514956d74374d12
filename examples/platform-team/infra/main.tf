module "vpc" {
  source = "git::https://example.com/vpcache.git//modules/vpc?ref=v0.3.0"

  name       = var.name
  cidr_block = "10.20.0.0/24"

  zones = {
    "${var.region}a" = { public_cidr = "10.20.0.0/26", private_cidr = "10.20.0.128/26" }
    "${var.region}b" = { public_cidr = "10.20.0.64/26", private_cidr = "10.20.0.192/26" }
  }
}

module "nat_per_az" {
  source = "git::https://example.com/vpcache.git//modules/nat_per_az?ref=v0.3.0"

  name  = var.name
  zones = module.vpc.zones
}

module "courier" {
  source   = "git::https://example.com/vpcache.git//modules/vpc_lambda?ref=v0.3.0"
  for_each = module.nat_per_az.nat_gateway_ids # waits for the route of the zone

  name    = "${var.name}-courier-${each.key}"
  bundle  = var.courier
  vpc_id  = module.vpc.vpc_id
  subnets = { (each.key) = module.vpc.zones[each.key].private_subnet_id }

  egress_rules = {
    partners = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }
}
