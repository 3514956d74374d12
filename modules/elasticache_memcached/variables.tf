variable "alarms" {
  description = "Alarms on any node, to an SNS topic: processor in percent, connections, evictions a minute, swap in MiB, and, where it is given, least free memory in MiB. Null for none."
  type = object({
    topic_arn      = string
    connections    = optional(number, 10000)
    cpu_percent    = optional(number, 90)
    evictions      = optional(number, 100)
    free_memory_mb = optional(number)
    swap_mb        = optional(number, 50)
  })
  default = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": write the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:alarms."
  }

  validation {
    condition     = var.alarms == null || try(var.alarms.cpu_percent > 0 && var.alarms.cpu_percent <= 100, false)
    error_message = "alarms.cpu_percent is ${try(var.alarms.cpu_percent, 0)}: write a number above 0 and up to 100."
  }
}

variable "client_security_groups" {
  description = "Ids of the security groups whose members may reach the cluster, by a label of your choice."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.client_security_groups) : startswith(id, "sg-")])
    error_message = "client_security_groups has the values ${join(", ", values(var.client_security_groups))}: write ids of security groups, such as sg-0123456789abcdef0; ranges of addresses are not accepted."
  }

  # a label becomes the description of a rule
  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  validation {
    condition     = alltrue([for label in keys(var.client_security_groups) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,200}$", label))])
    error_message = "client_security_groups has the labels ${join(", ", keys(var.client_security_groups))}: each must be 1 to 200 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, as AWS takes them in the description of a rule."
  }
}

variable "engine_version" {
  description = "Full version of memcached, one that ElastiCache has and whose meta commands are the current ones (1.6.12 or newer)."
  type        = string
  default     = "1.6.22"
  nullable    = false

  validation {
    condition     = contains(local.engine_versions, var.engine_version)
    error_message = "engine_version is \"${var.engine_version}\": it must be one of ${join(", ", local.engine_versions)}. ElastiCache has no other versions from 1.6.12 on, and in older ones leases by the meta commands fail."
  }
}

variable "maintenance_window" {
  description = "When AWS may work on the nodes, in UTC: sun:05:00-sun:06:00. Null lets AWS choose."
  type        = string
  default     = null

  validation {
    condition     = var.maintenance_window == null || can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window is \"${coalesce(var.maintenance_window, "null")}\": write day and time of begin and end in lower case, an hour apart at least, such as \"sun:05:00-sun:06:00\"."
  }
}

variable "name" {
  description = "Id of the cluster, and the beginning of the names of its groups."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 50 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name is \"${var.name}\": write at most 50 lower-case letters, digits and single hyphens, a letter first and no hyphen last."
  }
}

variable "node_type" {
  description = "Type of each node."
  type        = string
  default     = "cache.t4g.small"
  nullable    = false

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type is \"${var.node_type}\": write a type of cache node, such as \"cache.t4g.small\"."
  }
}

variable "nodes" {
  description = "The zone of each node, in the order in which AWS numbers them. Append to grow; AWS removes the last ones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "nodes is empty: write the zone of each node, such as [\"us-east-1a\", \"us-east-1b\"]."
  }

  validation {
    condition     = length(var.nodes) <= 40
    error_message = "nodes asks for ${length(var.nodes)} nodes: write at most 40, or use larger nodes; AWS has a quota of 40 for a cluster."
  }

  validation {
    condition     = length(setsubtract(var.nodes, keys(var.subnets))) == 0
    error_message = "nodes has the zones ${join(", ", setsubtract(var.nodes, keys(var.subnets)))}, which have no subnet: add them to subnets or write only zones out of ${join(", ", keys(var.subnets))}."
  }
}

variable "notification_topic_arn" {
  description = "ARN of the SNS topic that ElastiCache tells of a node's failure, replacement and maintenance. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.notification_topic_arn == null || can(regex("^arn:[a-z-]+:sns:", var.notification_topic_arn))
    error_message = "notification_topic_arn is \"${coalesce(var.notification_topic_arn, "null")}\": write the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:alarms."
  }
}

variable "parameters" {
  description = "Parameters of memcached that differ from the engine's defaults, by name. Nodes use a changed one after a reboot."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.parameters) : can(regex("^[a-z_]+$", name))])
    error_message = "parameters has the names ${join(", ", keys(var.parameters))}: write them as ElastiCache does, such as max_item_size."
  }
}

variable "subnets" {
  description = "Ids of the subnets in which nodes may be placed, by zone name."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is empty: write at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
  }

  validation {
    condition     = alltrue([for id in values(var.subnets) : startswith(id, "subnet-")])
    error_message = "subnets has the values ${join(", ", values(var.subnets))}: write ids of subnets, such as subnet-0123456789abcdef0."
  }

  validation {
    condition     = length(distinct(values(var.subnets))) == length(var.subnets)
    error_message = "subnets has one subnet for several zones: a subnet is in one zone; write each zone's own."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "transit_encryption" {
  description = "Whether the nodes take TLS connections only. To change it replaces the cluster."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC in which the subnets are."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is \"${var.vpc_id}\": write the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

locals {
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions-mc.html
  engine_versions = ["1.6.12", "1.6.17", "1.6.22"]
}
