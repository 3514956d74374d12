locals {
  port   = 11211
  family = "memcached${join(".", slice(split(".", var.engine_version), 0, 2))}"

  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions-mc.html
  engine_versions = ["1.6.12", "1.6.17", "1.6.22"]

  # AWS rejects single-az while nodes are in several zones, and the provider rejects cross-az for one node. null retains the mode
  # of an existing cluster; a new cluster with all nodes in one zone becomes single-az.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html
  az_mode = length(distinct(var.nodes)) > 1 ? "cross-az" : length(var.nodes) > 1 ? null : "single-az"

  # Without a CacheNodeId, which alarms.per_node adds, a metric covers all nodes. The maximum is the value of the busiest node, which an average would hide.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/mem-ug/CacheMetrics.WhichShouldIMonitor.html
  metrics = var.alarms == null ? {} : {
    CPUUtilization = {
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarms.cpu_percent
      description = "has a high CPU utilization; consider a larger node type or more nodes"
    }
    CurrConnections = {
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarms.connections
      description = "has many connections; check that clients reuse theirs"
    }
    Evictions = {
      statistic   = "Sum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarms.evictions
      description = "is evicting unexpired items; consider a larger node type"
    }
    FreeableMemory = {
      statistic   = "Minimum"
      operator    = "LessThanThreshold"
      threshold   = try(var.alarms.free_memory_mb * 1024 * 1024, null)
      description = "is low on memory"
    }
    SwapUsage = {
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarms.swap_mb * 1024 * 1024
      description = "is swapping; consider a larger memcached_connections_overhead"
    }
  }

  # AWS numbers the nodes in the order of their creation and removes the last ones
  node_ids = [for number in range(length(var.nodes)) : format("%04d", number + 1)]

  # a metric without a threshold has no alarm: a full memcached is usually low on memory
  alarms = merge([for metric, alarm in local.metrics : alarm.threshold == null ? {} : var.alarms.per_node ? {
    for id in local.node_ids : "${metric}-${id}" => merge(alarm, { metric = metric, node = id })
  } : { (metric) = merge(alarm, { metric = metric, node = null }) }]...)
}
