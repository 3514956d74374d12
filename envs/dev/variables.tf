variable "account_id" {
  description = "ID of the AWS account. vpcache passes the account of the credentials; a value in terraform.tfvars refuses any other."
  type        = string
  nullable    = false
}

variable "address_service_url" {
  description = "What egress_probe asks for the address that the internet sees; answers with the address alone."
  type        = string
  default     = "https://checkip.amazonaws.com"
  nullable    = false

  validation {
    condition     = startswith(var.address_service_url, "https://")
    error_message = "address_service_url is \"${var.address_service_url}\": write an https:// URL; the functions may reach port 443 only."
  }
}

variable "alarm_emails" {
  description = "Addresses to which the alarms' topic writes, once each has confirmed it."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_emails) == 0 || var.alarms
    error_message = "alarm_emails has ${join(", ", var.alarm_emails)}, but there are no alarms: alarms must be true, or alarm_emails empty."
  }

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "alarm_emails has ${join(", ", var.alarm_emails)}: each must be an e-mail address, such as operations@example.com."
  }
}

variable "alarms" {
  description = "Whether the gateways, the cache and the cached API have alarms, which go to a topic of the stack's own."
  type        = bool
  nullable    = false
}

variable "bundles" {
  description = "Path and base64 SHA-256 of the functions' zips, by folder name in lambda/."
  type        = map(object({ path = string, sha256 = string }))
  nullable    = false

  validation {
    condition     = length(setsubtract(["cached_api", "egress_probe"], keys(var.bundles))) == 0
    error_message = "bundles has ${join(", ", keys(var.bundles))}: write both cached_api and egress_probe."
  }

  validation {
    condition     = var.origin_url != null || contains(keys(var.bundles), "origin")
    error_message = "bundles has ${join(", ", keys(var.bundles))}: write origin too, or give an origin_url."
  }
}

variable "cache" {
  description = "The cache: the letter of each node's zone, the node type, whether nodes accept only TLS, the maintenance window, and memcached's parameters."
  type = object({
    zones              = list(string)
    node_type          = string
    transit_encryption = bool
    maintenance_window = optional(string)
    parameters         = optional(map(string), {})
  })
  nullable = false
}

variable "cidr_block" {
  description = "IPv4 range of the VPC."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, in the tag Environment of everything."
  type        = string
  nullable    = false
}

variable "flow_logs" {
  description = "Flow logs of the VPC, as the vpc module takes them; null for none."
  type        = object({ retention_days = optional(number), traffic_type = optional(string) })
}

variable "gateway_endpoints" {
  description = "AWS services that the private subnets reach without a NAT gateway."
  type        = set(string)
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which the functions' logs are kept."
  type        = number
  nullable    = false
}

variable "memory_size" {
  description = "Memory of the cached API's function in MiB; its share of a processor, and so the speed of TLS, grows with it."
  type        = number
  nullable    = false
}

variable "name" {
  description = "Name of the stack, in the name of everything it has."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name is \"${var.name}\": write 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "origin_url" {
  description = "Base URL of the external API that cached_api answers for. Null makes an origin of the stack's own."
  type        = string
  default     = null

  validation {
    condition     = var.origin_url == null || try(startswith(var.origin_url, "https://"), false)
    error_message = "origin_url is \"${coalesce(var.origin_url, "null")}\": write an https:// URL, as the functions may reach port 443 only, or leave it out for an origin of the stack's own."
  }
}

variable "probes" {
  description = "Whether each zone has an egress probe, the function with which `verify` proves egress and that the cache is private."
  type        = bool
  default     = true
  nullable    = false
}

variable "protected" {
  description = "Whether destroying the stack, or replacing its stateful resources, needs its name typed."
  type        = bool
  default     = false
  nullable    = false
}

variable "region" {
  description = "AWS region. vpcache passes the target's; a value in terraform.tfvars refuses any other."
  type        = string
  nullable    = false
}

variable "zones" {
  description = "CIDR blocks of the public and the private subnet of each availability zone, by the zone's letter in the region."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for letter in keys(var.zones) : can(regex("^[a-z]$", letter))])
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: each must be the letter of an availability zone, such as \"a\" for us-east-1a."
  }
}
