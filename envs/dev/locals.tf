locals {
  # The environment's values name zones by letter, so that they are valid in any region.
  zones = { for letter, cidrs in var.zones : "${var.region}${letter}" => cidrs }

  zones_without_isolated_subnet = [for letter, cidrs in var.zones : letter if cidrs.isolated_cidr == null]

  # the zone whose NAT gateway serves each zone
  nat_gateway_zones = { for letter in keys(var.zones) : "${var.region}${letter}" => "${var.region}${coalesce(var.nat.single_zone, letter)}" }

  private_subnets = { for zone, subnets in module.vpc.zones : zone => subnets.private_subnet_id }

  cache_subnets = { for zone, subnets in module.vpc.zones : zone => subnets["${var.cache.tier}_subnet_id"] }

  # The same subnets by way of the NAT gateways: a resource that refers to this map waits for the egress of its zone.
  routed_subnets = { for zone in keys(module.nat_per_az.nat_gateway_ids) : zone => local.private_subnets[zone] }

  https = { port = 443, cidr_ipv4 = "0.0.0.0/0" }

  # IAM roles are global: outside us-east-1 their names end with the region.
  role_suffix = var.region == "us-east-1" ? "" : "-${var.region}"

  has_origin = var.origin_url == null
  origin_url = local.has_origin ? trimsuffix(one(aws_lambda_function_url.origin[*].function_url), "/") : var.origin_url

  has_topic       = var.alarms && var.alarm_receivers.topic_arn == null
  alarm_topic_arn = local.has_topic ? aws_sns_topic.alarms[0].arn : var.alarm_receivers.topic_arn
  alarms          = var.alarms ? { topic_arn = local.alarm_topic_arn } : null

  # The cached API answers its callers even if the cache or the origin fails, and reports these metrics (lambda/cached_api/telemetry.py).
  api_alarms = {
    CacheError    = { statistic = "Sum", percentile = null, threshold = 0, description = "cannot use the cache" }
    Crash         = { statistic = "Sum", percentile = null, threshold = 0, description = "raises unexpected exceptions" }
    OriginError   = { statistic = "Sum", percentile = null, threshold = 0, description = "gets errors from its origin" }
    OriginLatency = { statistic = null, percentile = "p99", threshold = 4000, description = "is close to the origin's timeout of 5 s" }
  }

  # the settings that differ from the function's defaults: see lambda/cached_api/README.md
  api_settings = { for name, value in {
    STALE_SECONDS    = var.api.stale_seconds == null ? "" : tostring(var.api.stale_seconds)
    PATH_TTLS        = join(" ", [for prefix, ttl in var.api.path_ttls : "${prefix}=${ttl}"])
    ORIGINS          = join(" ", [for prefix, url in var.api.origins : "${prefix}=${url}"])
    QUERY_PARAMETERS = join(" ", var.api.query_parameters)
    PURGE_CALLERS    = join(" ", try(var.api.purge.callers, []))
    PURGE_PREFIXES   = join(" ", try(var.api.purge.prefixes, []))
  } : name => value if value != "" }
}
