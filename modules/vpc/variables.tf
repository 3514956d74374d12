variable "cidr_block" {
  description = "IPv4 range of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("/(1[6-9]|2[0-8])$", var.cidr_block)) && try(cidrsubnet(var.cidr_block, 0, 0) == var.cidr_block, false)
    error_message = "cidr_block is \"${var.cidr_block}\": write a network address with a prefix of /16 to /28, such as \"10.0.0.0/24\"."
  }
}

variable "name" {
  description = "Name of the VPC, and the beginning of the names of all that is in it."
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
  description = "Ranges of the public and the private subnet of each availability zone, by zone name."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is empty: write at least one, such as { us-east-1a = { public_cidr = \"10.0.0.0/26\", private_cidr = \"10.0.0.128/26\" } }."
  }

  validation {
    condition     = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+(-[a-z]+-[0-9]+)?[a-z]$", zone))])
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: write full names of availability zones, such as us-east-1a."
  }

  validation {
    condition = alltrue([for cidr in flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]) :
      can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)
    ])
    error_message = "zones has the ranges ${join(", ", flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]))}: write each as a network address with a prefix of /16 to /28, such as \"10.0.0.64/26\"."
  }
}
