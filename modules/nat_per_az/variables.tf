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
}
