# an object, as whether it is null must be known before the topic is
variable "alarms" {
  description = "SNS topic that is told when a gateway has no port left or drops packets, and when it is well again. Null for no alarms."
  type        = object({ topic_arn = string })
  default     = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": write the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:alarms."
  }
}

variable "allocation_ids" {
  description = "Allocation ids of elastic IPs of your own, by zone name; a zone without one gets a new elastic IP."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.allocation_ids), keys(var.zones))) == 0
    error_message = "allocation_ids has the zones ${join(", ", setsubtract(keys(var.allocation_ids), keys(var.zones)))}, which are not in zones: write only zones out of ${join(", ", keys(var.zones))}."
  }

  validation {
    condition     = alltrue([for id in values(var.allocation_ids) : startswith(id, "eipalloc-")])
    error_message = "allocation_ids has the values ${join(", ", values(var.allocation_ids))}: write ids of elastic IPs, such as eipalloc-0123456789abcdef0, not their addresses."
  }
}

variable "name" {
  description = "Beginning of the names of the NAT gateways and elastic IPs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9_-]{0,63}$", var.name))
    error_message = "name is \"${var.name}\": write 1 to 64 letters, digits, hyphens and underscores, a letter first."
  }
}

variable "tags" {
  description = "Tags of every resource, besides Name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "zones" {
  description = "Public subnet and private route table of each zone, by zone name: the `zones` output of the vpc module fits."
  type = map(object({
    public_subnet_id       = string
    private_route_table_id = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is empty: write at least one, or leave this module out."
  }

  validation {
    condition     = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]$", zone))])
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a. Local and Wavelength Zones have no NAT gateways."
  }

  validation {
    condition     = alltrue([for place in values(var.zones) : startswith(place.public_subnet_id, "subnet-")])
    error_message = "zones has the public subnets ${join(", ", values(var.zones)[*].public_subnet_id)}: write ids of subnets, such as subnet-0123456789abcdef0."
  }

  validation {
    condition     = alltrue([for place in values(var.zones) : startswith(place.private_route_table_id, "rtb-")])
    error_message = "zones has the private route tables ${join(", ", values(var.zones)[*].private_route_table_id)}: write ids of route tables, such as rtb-0123456789abcdef0."
  }

  validation {
    condition     = length(distinct(values(var.zones)[*].private_route_table_id)) == length(var.zones)
    error_message = "zones has one private route table for several zones: give each zone its own, or all of them leave by one zone's gateway."
  }

  validation {
    condition     = length(distinct(values(var.zones)[*].public_subnet_id)) == length(var.zones)
    error_message = "zones has one public subnet for several zones: give each zone its own, or one zone's loss takes the way out of all."
  }
}
