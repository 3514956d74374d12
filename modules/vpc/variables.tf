variable "cidr_block" {
  description = "IPv4 CIDR block of the VPC, with a prefix of /16 to /28. A change is rejected by the plan."
  type        = string
  nullable    = false
}

variable "flow_logs" {
  description = "Flow logs in CloudWatch Logs; their role is named `role_name` or `name` with `-flow-logs`. Set to `null` to disable."
  type = object({
    retention_days = optional(number, 14)
    role_name      = optional(string)
    traffic_type   = optional(string, "ALL")
  })
  default = null

  validation {
    condition = var.flow_logs == null || length(try(coalesce(var.flow_logs.role_name, "${var.name}-flow-logs"), "")) <= 64
    error_message = join(" ", [
      "The role name of the flow logs is \"${try(coalesce(var.flow_logs.role_name, "${var.name}-flow-logs"), "")}\":",
      "it must have at most 64 characters. Set flow_logs.role_name or shorten name.",
    ])
  }
}

variable "gateway_endpoints" {
  description = "Services with a gateway endpoint in the private subnets, `s3` and `dynamodb`. Gateway endpoints are free."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.gateway_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "gateway_endpoints has ${join(", ", var.gateway_endpoints)}: each must be \"s3\" or \"dynamodb\"."
  }
}

variable "name" {
  description = "Name of the VPC and name prefix for its resources."
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

variable "tier_tags" {
  description = "Tags of the public and the private subnets, in addition to `tags` and `Name`."
  type = object({
    public  = optional(map(string), {})
    private = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "zones" {
  description = "CIDR blocks of the public and the private subnet of each availability zone, by zone name."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is {}: it must have at least one availability zone, such as us-east-1a, with public_cidr and private_cidr."
  }

  validation {
    condition = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]$", zone))])
    error_message = join(" ", [
      "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a.",
      "Local and Wavelength Zones have no NAT gateways or Lambda functions.",
    ])
  }

  validation {
    condition = alltrue([for cidr in flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]) :
      can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)
    ])
    error_message = join(" ", [
      "zones has the CIDR blocks ${join(", ", flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr]]))}:",
      "each must be a network address with a prefix of /16 to /28, such as \"10.0.0.64/26\".",
    ])
  }
}
