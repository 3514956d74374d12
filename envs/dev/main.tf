locals {
  # the environment's values name zones by letter, so that they fit any region
  zones = { for letter, subnets in var.zones : "${var.region}${letter}" => subnets }

  https = { port = 443, cidr_ipv4 = "0.0.0.0/0" }

  private_subnets = { for zone, place in module.vpc.zones : zone => place.private_subnet_id }

  alarm_topic_arn = one(aws_sns_topic.alarms[*].arn)
  alarms          = var.alarms ? { topic_arn = local.alarm_topic_arn } : null

  # the same subnets by way of the NAT gateways: whoever takes one from here waits for its zone's way out
  routed_subnets = { for zone in keys(module.nat_per_az.nat_gateway_ids) : zone => local.private_subnets[zone] }

  # roles are of all regions: outside the first one their names say which
  role_suffix = var.region == "us-east-1" ? "" : "-${var.region}"
}

module "vpc" {
  source = "../../modules/vpc"

  name       = var.name
  cidr_block = var.cidr_block
  zones      = local.zones
  flow_logs  = var.flow_logs == null ? null : merge(var.flow_logs, { role_name = "${var.name}-flow-logs${local.role_suffix}" })

  gateway_endpoints = var.gateway_endpoints
}

module "nat_per_az" {
  source = "../../modules/nat_per_az"

  name  = var.name
  zones = module.vpc.zones

  alarms = local.alarms
}

module "elasticache_memcached" {
  source = "../../modules/elasticache_memcached"

  name      = var.name
  vpc_id    = module.vpc.vpc_id
  subnets   = local.private_subnets
  nodes     = [for letter in var.cache.zones : "${var.region}${letter}"]
  node_type = var.cache.node_type

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

  environment = {
    CACHE_ENDPOINT = module.elasticache_memcached.configuration_endpoint
    CACHE_TLS      = module.elasticache_memcached.transit_encryption
    ORIGIN_URL     = local.origin_url
    TTL_SECONDS    = 300
  }

  egress_rules = {
    cache = { port = 11211, security_group_id = module.elasticache_memcached.security_group_id }
    https = local.https
  }

  alarms             = local.alarms
  log_retention_days = var.log_retention_days
}

module "egress_probe" {
  source   = "../../modules/vpc_lambda"
  for_each = { for zone, place in local.zones : zone => place if var.probes }

  name        = "${var.name}-egress-probe-${each.key}"
  bundle      = var.bundles["egress_probe"]
  vpc_id      = module.vpc.vpc_id
  subnets     = { (each.key) = local.routed_subnets[each.key] }
  memory_size = 128
  environment = { ADDRESS_URL = var.address_service_url }

  # the way to the cache is open from here, so that the isolation probe is stopped by the cache's own group
  egress_rules = {
    cache = { port = 11211, cidr_ipv4 = var.cidr_block }
    https = local.https
  }

  log_retention_days = var.log_retention_days
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch's alarms cannot publish under alias/aws/sns, whose policy is AWS's; what they say is no secret

  count = var.alarms ? 1 : 0

  name = "${var.name}-alarms"
}
