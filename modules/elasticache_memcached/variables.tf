variable "alarms" {
  description = "Alarms to an SNS topic: on any or each node, or on a serverless cache, whose limits are in percent. `null` disables."
  type = object({
    topic_arn        = string
    connections      = optional(number, 10000)
    cpu_percent      = optional(number, 90)
    evictions        = optional(number, 100)
    free_memory_mb   = optional(number)
    limit_percent    = optional(number, 90)
    per_node         = optional(bool, false)
    swap_mb          = optional(number, 50)
    throttled        = optional(number, 0)
    unused_memory_mb = optional(number)
  })
  default = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": it must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarms == null || alltrue([for percent in try([var.alarms.cpu_percent, var.alarms.limit_percent], []) : percent > 0 && percent <= 100])
    error_message = "alarms.cpu_percent is ${try(var.alarms.cpu_percent, 0)}, limit_percent ${try(var.alarms.limit_percent, 0)}: both must be greater than 0 and at most 100."
  }

  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html#ParameterGroups.Memcached
  validation {
    condition     = var.alarms == null || try(var.alarms.connections > 0 && var.alarms.connections < 65000, false)
    error_message = "alarms.connections is ${try(var.alarms.connections, 0)}: it must be from 1 to 64999, as a node has at most 65000 connections."
  }

  validation {
    condition = var.alarms == null || alltrue([
      for name in ["evictions", "free_memory_mb", "swap_mb", "throttled", "unused_memory_mb"] : try(coalesce(var.alarms[name]), 0) >= 0
    ])
    error_message = "alarms has a negative threshold: evictions, swap_mb, throttled, free_memory_mb and unused_memory_mb must be 0 or more."
  }
}

variable "client_security_groups" {
  description = "IDs of the security groups whose members may connect to the cluster, by label."
  type        = map(string)
  nullable    = false

  validation {
    condition = alltrue([for id in values(var.client_security_groups) : startswith(id, "sg-")])
    error_message = join(" ", [
      "client_security_groups has the values ${join(", ", values(var.client_security_groups))}:",
      "each must be the ID of a security group, such as sg-0123456789abcdef0, not a CIDR block.",
    ])
  }

  # a label becomes the description of a rule
  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  validation {
    condition = alltrue([
      for label in keys(var.client_security_groups) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,200}$", label))
    ])
    error_message = join(" ", [
      "client_security_groups has the labels ${join(", ", keys(var.client_security_groups))}:",
      "each must be 1 to 200 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, the characters of a rule's description.",
    ])
  }
}

variable "engine_version" {
  description = "Full version of memcached: `1.6.12`, `1.6.17` or `1.6.22`. `null` is `1.6.22`."
  type        = string
  default     = null

  validation {
    condition = contains(local.engine_versions, coalesce(var.engine_version, "1.6.22"))
    error_message = join(" ", [
      "engine_version is \"${coalesce(var.engine_version, "null")}\": it must be one of ${join(", ", local.engine_versions)}.",
      "ElastiCache has no other versions from 1.6.12 on, and older versions lack the current meta commands.",
    ])
  }
}

variable "maintenance_window" {
  description = "Weekly maintenance window in UTC, such as `sun:05:00-sun:06:00`. Set to `null` to let AWS choose."
  type        = string
  default     = null
}

variable "name" {
  description = "ID of the cluster and name prefix for its groups and alarms: at most 50 lower-case letters, digits and hyphens, 40 if serverless."
  type        = string
  nullable    = false

  # the provider checks the name of a cluster only
  validation {
    condition     = !local.is_serverless || length(var.name) <= 40 && can(regex("^[a-z](-?[a-z0-9])*$", var.name))
    error_message = "name is \"${var.name}\": it must be at most 40 lower-case letters, digits and single hyphens, as AWS requires for a serverless cache."
  }
}

variable "node_type" {
  description = "Node type of all nodes. `null` is `cache.t4g.small`."
  type        = string
  default     = null

  validation {
    condition     = var.node_type == null || can(regex("^cache\\.[cmrt][0-9][a-z]*\\.(micro|small|medium|large|[0-9]*xlarge)$", var.node_type))
    error_message = "node_type is \"${coalesce(var.node_type, "null")}\": it must be a family and a size of cache nodes, such as \"cache.t4g.small\" or \"cache.r7g.2xlarge\"."
  }
}

variable "nodes" {
  description = "Availability zone of each node, in the order of the node numbers. Append to add nodes; AWS removes the last ones."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = local.is_serverless || length(var.nodes) > 0
    error_message = "nodes is []: it must have the zone of at least one node, such as [\"us-east-1a\", \"us-east-1b\"], unless serverless is set."
  }

  validation {
    condition     = length(var.nodes) <= 40
    error_message = "nodes has ${length(var.nodes)} nodes: it must have at most 40, the quota of a cluster. Consider a larger node type."
  }

  validation {
    condition     = length(setsubtract(var.nodes, keys(var.subnets))) == 0
    error_message = "nodes is ${join(", ", var.nodes)}: each must be one of the zones of subnets, ${join(", ", keys(var.subnets))}."
  }
}

variable "notification_topic_arn" {
  description = "ARN of the SNS topic for ElastiCache events, such as node replacements. Set to `null` to disable."
  type        = string
  default     = null

  validation {
    condition     = var.notification_topic_arn == null || can(regex("^arn:[a-z-]+:sns:", var.notification_topic_arn))
    error_message = "notification_topic_arn is \"${coalesce(var.notification_topic_arn, "null")}\": it must be the ARN of an SNS topic."
  }
}

variable "parameters" {
  description = "Parameters of memcached that differ from the defaults, by name. A node applies a changed parameter after a reboot."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.parameters) : can(regex("^[a-z_]+$", name))])
    error_message = "parameters has the names ${join(", ", keys(var.parameters))}: each must be a parameter's name, such as max_item_size."
  }
}

variable "serverless" {
  description = "ElastiCache Serverless instead of nodes: limits of its stored data and of its ECPUs, and the KMS key of its data. `{}` has no limits, `null` makes a cluster."
  type = object({
    kms_key_id          = optional(string)
    max_data_gb         = optional(number)
    max_ecpu_per_second = optional(number)
  })
  default = null

  # https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-elasticache-alpha.CacheUsageLimitsProperty.html
  validation {
    condition     = try(var.serverless.max_data_gb, null) == null || try(var.serverless.max_data_gb >= 1 && var.serverless.max_data_gb <= 5000, false)
    error_message = "serverless.max_data_gb is ${coalesce(try(var.serverless.max_data_gb, null), 0)}: it must be from 1 to 5000."
  }

  validation {
    condition     = try(var.serverless.max_ecpu_per_second, null) == null || try(var.serverless.max_ecpu_per_second >= 1000 && var.serverless.max_ecpu_per_second <= 15000000, false)
    error_message = "serverless.max_ecpu_per_second is ${coalesce(try(var.serverless.max_ecpu_per_second, null), 0)}: it must be from 1000 to 15000000."
  }

  validation {
    condition     = try(var.serverless.kms_key_id, null) == null || can(regex("^arn:[a-z-]+:kms:", var.serverless.kms_key_id))
    error_message = "serverless.kms_key_id is \"${try(coalesce(var.serverless.kms_key_id), "null")}\": it must be the ARN of a KMS key."
  }
}

variable "subnet_group_name" {
  description = "Name of the subnet group. Set to `null` for `name`. Change it to move the cluster to other subnets, which replaces it."
  type        = string
  default     = null
}

variable "subnets" {
  description = "IDs of the subnets of the cache, by zone name: two or three if it is serverless."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is {}: it must have at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
  }

  validation {
    condition = alltrue([for id in values(var.subnets) : startswith(id, "subnet-")])
    error_message = join(" ", [
      "subnets has the values ${join(", ", values(var.subnets))}:",
      "each must be the ID of a subnet, such as subnet-0123456789abcdef0.",
    ])
  }

  validation {
    condition     = !local.is_serverless || contains([2, 3], length(var.subnets))
    error_message = "subnets has ${length(var.subnets)} zones: they must be two or three for a serverless cache."
  }

  validation {
    condition     = length(distinct(values(var.subnets))) == length(var.subnets)
    error_message = "subnets has the values ${join(", ", values(var.subnets))}: they must differ, as a subnet is in one zone."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "transit_encryption" {
  description = "Whether the nodes accept only TLS connections. A change replaces the cluster."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_id" {
  description = "ID of the subnets' VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is \"${var.vpc_id}\": it must be the ID of a VPC, such as vpc-0123456789abcdef0."
  }
}
