# Lists by position become maps by zone here, once: from here on a zone is a key.
locals {
  private_subnets = zipmap(var.azs, var.private_subnets)

  zones = { for index, zone in var.azs : zone => {
    public_subnet_id       = var.public_subnets[index]
    private_route_table_id = var.private_route_table_ids[index]
  } }
}

module "nat_per_az" {
  source = "../../modules/nat_per_az"

  name  = var.name
  zones = local.zones
}

module "cache" {
  source = "../../modules/elasticache_memcached"

  name    = var.name
  vpc_id  = var.vpc_id
  subnets = local.private_subnets
  nodes   = var.azs

  client_security_groups = { for zone, function in module.function : zone => function.security_group_id }
}

module "function" {
  source   = "../../modules/vpc_lambda"
  for_each = module.nat_per_az.nat_gateway_ids

  name    = "${var.name}-${each.key}"
  bundle  = var.bundle
  vpc_id  = var.vpc_id
  subnets = { (each.key) = local.private_subnets[each.key] }

  egress_rules = {
    cache = { port = 11211, security_group_id = module.cache.security_group_id }
    https = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }
}
