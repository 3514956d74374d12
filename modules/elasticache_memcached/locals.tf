locals {
  is_serverless  = var.serverless != null
  engine         = local.is_serverless ? "serverless" : "nodes"
  cache_id       = one(concat(aws_elasticache_cluster.this[*].cluster_id, aws_elasticache_serverless_cache.this[*].name))
  port           = 11211
  node_type      = coalesce(var.node_type, "cache.t4g.small")
  engine_version = coalesce(var.engine_version, "1.6.22")
  family         = "memcached${join(".", slice(split(".", local.engine_version), 0, 2))}"

  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions-mc.html
  engine_versions = ["1.6.12", "1.6.17", "1.6.22"]

  # AWS rejects single-az while nodes are in several zones, and the provider rejects cross-az for one node. null retains the mode
  # of an existing cluster; a new cluster with all nodes in one zone becomes single-az.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html
  az_mode = length(distinct(var.nodes)) > 1 ? "cross-az" : length(var.nodes) > 1 ? null : "single-az"

  # Without a CacheNodeId, which alarms.per_node adds, a metric covers all nodes. The maximum is the value of the busiest node, which an average would hide.
  # A minimum must not be too low, other statistics not too high. A metric without a threshold has no alarm: a full memcached is usually low on memory.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/mem-ug/CacheMetrics.WhichShouldIMonitor.html
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events.memcached.html
  metrics = var.alarms == null ? {} : { for metric, alarm in {
    CPUUtilization  = { of = "nodes", statistic = "Maximum", threshold = var.alarms.cpu_percent, description = "has a high CPU utilization; consider a larger node type or more nodes" }
    CurrConnections = { of = "nodes", statistic = "Maximum", threshold = var.alarms.connections, description = "has many connections; check that clients reuse theirs" }
    FreeableMemory  = { of = "nodes", statistic = "Minimum", threshold = try(var.alarms.free_memory_mb * 1024 * 1024, null), description = "is low on memory" }
    SwapUsage       = { of = "nodes", statistic = "Maximum", threshold = var.alarms.swap_mb * 1024 * 1024, description = "is swapping; consider a larger memcached_connections_overhead" }
    UnusedMemory    = { of = "nodes", statistic = "Minimum", threshold = try(var.alarms.unused_memory_mb * 1024 * 1024, null), description = "has little memory for more items" }

    BytesUsedForCache          = { of = "serverless", statistic = "Maximum", threshold = try(var.serverless.max_data_gb * pow(10, 7) * var.alarms.limit_percent, null), description = "is close to max_data_gb" }
    ElastiCacheProcessingUnits = { of = "serverless", statistic = "Sum", threshold = try(var.serverless.max_ecpu_per_second * 0.6 * var.alarms.limit_percent, null), description = "is close to max_ecpu_per_second" }
    ThrottledCmds              = { of = "serverless", statistic = "Sum", threshold = var.alarms.throttled, description = "is throttling commands" }

    Evictions = { of = local.engine, statistic = "Sum", threshold = var.alarms.evictions, description = "is evicting unexpired items; consider a larger ${local.is_serverless ? "max_data_gb" : "node type"}" }
  } : metric => alarm if alarm.of == local.engine && alarm.threshold != null }

  # AWS numbers the nodes in the order of their creation and removes the last ones
  node_ids = [for number in range(length(var.nodes)) : format("%04d", number + 1)]

  alarms = merge([for metric, alarm in local.metrics : var.alarms.per_node ? {
    for id in local.node_ids : "${metric}-${id}" => merge(alarm, { metric = metric, node = id, subject = "Node ${id} of the memcached cluster" })
    } : {
    (metric) = merge(alarm, { metric = metric, node = null, subject = local.is_serverless ? "The serverless cache" : "A node of the memcached cluster" })
  }]...)

  # inputs that a serverless cache does not have, by name, and whether they are set
  node_inputs = {
    "alarms.per_node"      = try(var.alarms.per_node, false)
    engine_version         = var.engine_version != null
    maintenance_window     = var.maintenance_window != null
    node_type              = var.node_type != null
    nodes                  = length(var.nodes) > 0
    notification_topic_arn = var.notification_topic_arn != null
    parameters             = length(var.parameters) > 0
    transit_encryption     = !var.transit_encryption
  }
}
