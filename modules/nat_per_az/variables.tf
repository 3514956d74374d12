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
    condition = alltrue([for id in values(var.allocation_ids) : startswith(id, "eipalloc-")])
    error_message = join(" ", [
      "allocation_ids has the values ${join(", ", values(var.allocation_ids))}:",
      "each must be the allocation ID of an elastic IP, such as eipalloc-0123456789abcdef0, not its address.",
    ])
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

variable "tags" {
  description = "Tags of every resource, in addition to `Name`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "zones" {
  description = "Public subnet and private route table of each zone, by zone name. Pass the `zones` output of the vpc module."
  type = map(object({
    public_subnet_id       = string
    private_route_table_id = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is {}: it must have at least one availability zone."
  }

  validation {
    condition = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]$", zone))])
    error_message = join(" ", [
      "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a.",
      "Local and Wavelength Zones have no NAT gateways.",
    ])
  }

  validation {
    condition = alltrue([for zone in values(var.zones) : startswith(zone.public_subnet_id, "subnet-")])
    error_message = join(" ", [
      "zones has the public subnets ${join(", ", values(var.zones)[*].public_subnet_id)}:",
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
      "they must differ, or several zones share one zone's NAT gateway.",
    ])
  }

  validation {
    condition = length(distinct(values(var.zones)[*].public_subnet_id)) == length(var.zones)
    error_message = join(" ", [
      "zones has the public subnets ${join(", ", values(var.zones)[*].public_subnet_id)}:",
      "they must differ, or the loss of one zone interrupts the egress of several.",
    ])
  }
}
