variable "cidr_block" {
  description = "IPv4 range of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("/(1[6-9]|2[0-8])$", var.cidr_block)) && try(cidrsubnet(var.cidr_block, 0, 0) == var.cidr_block, false)
    error_message = "cidr_block is \"${var.cidr_block}\": it must be a network address with a prefix of /16 to /28, such as \"10.0.0.0/24\"."
  }
}

variable "flow_logs" {
  description = "Records of the VPC's traffic in CloudWatch Logs: for how many days, of which traffic (ALL, ACCEPT or REJECT), and the name of the role that writes them, by default the VPC's with -flow-logs. Null for none."
  type = object({
    retention_days = optional(number, 14)
    role_name      = optional(string)
    traffic_type   = optional(string, "ALL")
  })
  default = null

  validation {
    condition     = var.flow_logs == null || try(contains(["ALL", "ACCEPT", "REJECT"], var.flow_logs.traffic_type), false)
    error_message = "flow_logs.traffic_type is \"${try(var.flow_logs.traffic_type, "")}\": write \"ALL\", \"ACCEPT\" or \"REJECT\"."
  }

  validation {
    condition     = var.flow_logs == null || try(contains(local.retentions, var.flow_logs.retention_days), false)
    error_message = "flow_logs.retention_days is ${try(var.flow_logs.retention_days, 0)}: write one of ${join(", ", local.retentions)}."
  }
}

variable "gateway_endpoints" {
  description = "Services that the private subnets reach without a NAT gateway: s3, dynamodb. They cost nothing."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.gateway_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "gateway_endpoints has ${join(", ", setsubtract(var.gateway_endpoints, ["s3", "dynamodb"]))}: write \"s3\" or \"dynamodb\"; AWS has gateway endpoints for no other service."
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

variable "tier_tags" {
  description = "Tags of the public and of the private subnets, besides `tags` and Name."
  type = object({
    public  = optional(map(string), {})
    private = optional(map(string), {})
  })
  default  = {}
  nullable = false
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
    condition     = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]$", zone))])
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a. Local and Wavelength Zones have no NAT gateways or Lambda functions."
  }

  validation {
    condition = alltrue([for cidr in flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]) :
      can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)
    ])
    error_message = "zones has the ranges ${join(", ", flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]))}: write each as a network address with a prefix of /16 to /28, such as \"10.0.0.64/26\"."
  }
}

locals {
  # the only values that CloudWatch Logs takes
  retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
}
