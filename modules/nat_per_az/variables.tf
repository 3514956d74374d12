variable "alarms" {
  description = "SNS topic for alarms on port exhaustion and dropped packets, notified in both directions. Set to `null` to disable."
  type        = object({ topic_arn = string }) # an object, because for_each must know whether it is null before the topic exists
  default     = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": it must be the ARN of an SNS topic."
  }
}

variable "allocation_ids" {
  description = "Allocation IDs of existing elastic IPs, by zone name. The module creates an elastic IP for every other zone."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.allocation_ids), keys(var.zones))) == 0
    error_message = join(" ", [
      "allocation_ids has the zones ${join(", ", keys(var.allocation_ids))}:",
      "each must be one of the zones ${join(", ", keys(var.zones))}.",
    ])
  }

  validation {
    condition = length(setsubtract(keys(var.allocation_ids), local.gateway_zones)) == 0 || anytrue([
      for zone in keys(var.allocation_ids) : !contains(keys(var.zones), zone)
    ])
    error_message = join(" ", [
      "allocation_ids has the zones ${join(", ", keys(var.allocation_ids))}, but with mode \"${var.mode}\"",
      "${length(local.gateway_zones) == 0 ? "no zone has" : "only ${join(", ", local.gateway_zones)} has"} a NAT gateway:",
      "each must be a zone with a NAT gateway.",
    ])
  }

  validation {
    condition = alltrue([for id in values(var.allocation_ids) : startswith(id, "eipalloc-")])
    error_message = join(" ", [
      "allocation_ids has the values ${join(", ", values(var.allocation_ids))}:",
      "each must be the allocation ID of an elastic IP, such as eipalloc-0123456789abcdef0, not its address.",
    ])
  }
}

variable "failover" {
  description = "Functions that lead a zone's default route to another zone's NAT gateway while its own one fails. Set to `null` to disable."
  type = object({
    vpc_id           = string
    targets          = list(string) # public addresses: if none accepts a connection on TCP port 443, a check has failed
    interval_seconds = optional(number, 10)
    failures         = optional(number, 3) # consecutive ones until the route changes
    successes        = optional(number, 6) # consecutive ones until it returns
    role             = optional(object({ path = optional(string, "/"), permissions_boundary = optional(string) }), {})
  })
  default = null

  validation {
    condition = var.failover == null || (
      var.mode == "per_zone" && length(var.zones) > 1 && alltrue([for zone in values(var.zones) : zone.private_subnet_id != null])
    )
    error_message = join(" ", [
      "failover is set with mode \"${var.mode}\" and private_subnet_id ${jsonencode(values(var.zones)[*].private_subnet_id)} of the zones:",
      "mode must be \"per_zone\", and there must be at least two zones, each with private_subnet_id.",
    ])
  }

  validation {
    condition = try(length(var.failover.targets) >= 2 && length(var.failover.targets) <= 5 && alltrue([
      for address in var.failover.targets : can(cidrnetmask("${address}/32")) &&
      !can(regex("^(0|10|127|169\\.254|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168|22[4-9]|2[3-5][0-9])\\.", address))
    ]) && length(distinct(var.failover.targets)) == length(var.failover.targets), true)
    error_message = "failover.targets is ${try(jsonencode(var.failover.targets), "null")}: it must be two to five different public IPv4 addresses."
  }

  validation {
    condition = try(contains([5, 6, 10, 12, 15, 20, 30], var.failover.interval_seconds) && alltrue([
      for count in [var.failover.failures, var.failover.successes] : count >= 2 && count <= 60 && floor(count) == count
    ]), true)
    error_message = join(" ", [
      "failover has interval_seconds, failures and successes",
      "${try(jsonencode([var.failover.interval_seconds, var.failover.failures, var.failover.successes]), "null")}:",
      "the first must be 5, 6, 10, 12, 15, 20 or 30, the others whole numbers from 2 to 60.",
    ])
  }
}

variable "mode" {
  description = "NAT gateways: `per_zone`, `single` (that of `single_zone` serves all zones), or `none` (no gateways and no default routes)."
  type        = string
  default     = "per_zone"
  nullable    = false

  validation {
    condition     = contains(["per_zone", "single", "none"], var.mode)
    error_message = "mode is \"${var.mode}\": it must be \"per_zone\", \"single\" or \"none\"."
  }
}

variable "name" {
  description = "Name prefix for the NAT gateways, elastic IPs and alarms."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9_-]{0,63}$", var.name))
    error_message = "name is \"${var.name}\": it must be 1 to 64 letters, digits, hyphens and underscores, and begin with a letter."
  }
}

variable "single_zone" {
  description = "Zone whose NAT gateway serves all zones. It must be set with mode `single`, and only then."
  type        = string
  default     = null

  validation {
    condition     = var.mode != "single" || var.single_zone != null
    error_message = "single_zone is null: with mode \"single\" it must be one of the zones ${join(", ", keys(var.zones))}."
  }

  validation {
    condition     = var.mode == "single" || var.single_zone == null
    error_message = "single_zone is \"${coalesce(var.single_zone, "null")}\": with mode \"${var.mode}\" it must be null."
  }

  validation {
    condition     = var.single_zone == null || contains(keys(var.zones), coalesce(var.single_zone, "null"))
    error_message = "single_zone is \"${coalesce(var.single_zone, "null")}\": it must be one of the zones ${join(", ", keys(var.zones))}."
  }
}

variable "tags" {
  description = "Tags of every resource, in addition to `Name`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "zones" {
  description = "Private route table of each zone, public subnet of each zone with a NAT gateway, and with failover private subnets, by zone name: the `zones` output of vpc."
  type = map(object({
    public_subnet_id       = optional(string)
    private_subnet_id      = optional(string)
    private_route_table_id = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is {}: it must have at least one availability zone."
  }

  validation {
    condition = alltrue([for zone in keys(var.zones) : can(regex("^([a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]|([a-z]+-)?[a-z]+[0-9]+-az[0-9]+)$", zone))])
    error_message = join(" ", [
      "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a, or its ID, such as use1-az1.",
      "Local and Wavelength Zones have no NAT gateways.",
    ])
  }

  validation {
    condition = alltrue([for id in compact(values(var.zones)[*].public_subnet_id) : startswith(id, "subnet-")])
    error_message = join(" ", [
      "zones has the public subnets ${join(", ", compact(values(var.zones)[*].public_subnet_id))}:",
      "each must be the ID of a subnet, such as subnet-0123456789abcdef0.",
    ])
  }

  validation {
    condition = alltrue([for zone in values(var.zones) : startswith(zone.private_route_table_id, "rtb-")])
    error_message = join(" ", [
      "zones has the private route tables ${join(", ", values(var.zones)[*].private_route_table_id)}:",
      "each must be the ID of a route table, such as rtb-0123456789abcdef0.",
    ])
  }

  validation {
    condition = length(distinct(values(var.zones)[*].private_route_table_id)) == length(var.zones)
    error_message = join(" ", [
      "zones has the private route tables ${join(", ", values(var.zones)[*].private_route_table_id)}:",
      "they must differ, as each zone has a default route in its own table.",
    ])
  }

  validation {
    condition = length(distinct(compact(values(var.zones)[*].public_subnet_id))) == length(compact(values(var.zones)[*].public_subnet_id))
    error_message = join(" ", [
      "zones has the public subnets ${join(", ", compact(values(var.zones)[*].public_subnet_id))}:",
      "they must differ, or the loss of one zone interrupts the egress of several.",
    ])
  }
}
