module "vpc" {
  source = "../../modules/vpc"

  name       = var.name
  cidr_block = var.cidr_block
  zones      = local.zones

  secondary_cidr_blocks = var.secondary_cidr_blocks

  flow_logs           = var.flow_logs == null ? null : merge(var.flow_logs, { role_name = "${var.name}-flow-logs${local.role_suffix}" })
  gateway_endpoints   = var.gateway_endpoints
  interface_endpoints = var.interface_endpoints
}

module "nat_per_az" {
  source = "../../modules/nat_per_az"

  name        = var.name
  zones       = module.vpc.zones
  mode        = var.nat.mode
  single_zone = var.nat.single_zone == null ? null : "${var.region}${var.nat.single_zone}"
  alarms      = local.alarms
}

module "elasticache_memcached" {
  source = "../../modules/elasticache_memcached"

  name      = var.name
  vpc_id    = module.vpc.vpc_id
  subnets   = local.cache_subnets
  nodes     = [for letter in var.cache.zones : "${var.region}${letter}"]
  node_type = var.cache.node_type

  # AWS moves no node to another subnet: the plan of another tier shows that it replaces the cluster.
  subnet_group_name = var.cache.tier == "private" ? null : "${var.name}-${var.cache.tier}"

  parameters             = var.cache.parameters
  transit_encryption     = var.cache.transit_encryption
  maintenance_window     = var.cache.maintenance_window
  notification_topic_arn = local.alarm_topic_arn
  alarms                 = local.alarms

  client_security_groups = { cached-api = module.cached_api.security_group_id }
}

module "cached_api" {
  source = "../../modules/vpc_lambda"

  name        = "${var.name}-cached-api"
  role_name   = "${var.name}-cached-api${local.role_suffix}"
  bundle      = var.bundles["cached_api"]
  vpc_id      = module.vpc.vpc_id
  subnets     = local.routed_subnets
  memory_size = var.memory_size
  timeout     = 15

  environment = merge(local.api_settings, {
    CACHE_ENDPOINT = module.elasticache_memcached.configuration_endpoint
    CACHE_TLS      = module.elasticache_memcached.transit_encryption
    ORIGIN_URL     = local.origin_url
    TTL_SECONDS    = var.api.ttl_seconds
  })

  egress_rules = {
    cache = { port = 11211, security_group_id = module.elasticache_memcached.security_group_id }
    https = local.https
  }

  alias        = try(var.front_door.alias, null)
  function_url = var.front_door

  alarms             = local.alarms
  log_retention_days = var.log_retention_days
}

module "egress_probe" {
  source   = "../../modules/vpc_lambda"
  for_each = { for zone, cidrs in local.zones : zone => cidrs if var.probes }

  name        = "${var.name}-egress-probe-${each.key}"
  bundle      = var.bundles["egress_probe"]
  vpc_id      = module.vpc.vpc_id
  subnets     = { (each.key) = local.routed_subnets[each.key] }
  memory_size = 128
  environment = { ADDRESS_URL = var.address_service_url }

  # The probe's egress allows the cache's port, so that the isolation probe tests the security group of the cache.
  egress_rules = merge(
    { cache = { port = 11211, cidr_ipv4 = var.cidr_block }, https = local.https },
    { for cidr in var.secondary_cidr_blocks : "cache-${cidr}" => { port = 11211, cidr_ipv4 = cidr } },
  )

  log_retention_days = var.log_retention_days
}
