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
}

variable "cache" {
  description = "The cache: the zone of each node, their type, whether they take TLS only, and when AWS may work on them."
  type = object({
    zones              = list(string)
    node_type          = string
    transit_encryption = bool
    maintenance_window = optional(string)
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
  description = "Base URL of the external API that cached_api answers for."
  type        = string
  default     = "https://dummy.restapiexample.com/api/v1"
  nullable    = false

  validation {
    condition     = startswith(var.origin_url, "https://")
    error_message = "origin_url is \"${var.origin_url}\": write an https:// URL; the functions may reach port 443 only."
  }
}

variable "zones" {
  description = "Ranges of the public and the private subnet of each availability zone, by zone name."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  nullable = false
}
