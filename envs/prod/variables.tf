variable "account_id" {
  description = "ID of the AWS account. vpcache passes the credentials' account; a value in terraform.tfvars rejects any other."
  type        = string
  nullable    = false
}

variable "address_service_url" {
  description = "HTTPS URL that responds with the caller's public IP address, for the egress probes."
  type        = string
  default     = "https://checkip.amazonaws.com"
  nullable    = false

  validation {
    condition     = startswith(var.address_service_url, "https://")
    error_message = "address_service_url is \"${var.address_service_url}\": it must be an https:// URL, as egress is limited to port 443."
  }
}

variable "alarm_emails" {
  description = "E-mail addresses that the alarms' topic notifies, after each has confirmed its subscription."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_emails) == 0 || var.alarms
    error_message = "alarm_emails has ${join(", ", var.alarm_emails)}, but alarms is false: alarm_emails must be empty, or alarms true."
  }

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "alarm_emails has ${join(", ", var.alarm_emails)}: each must be an e-mail address, such as operations@example.com."
  }
}

variable "alarms" {
  description = "Whether the NAT gateways, the cache and the cached API have alarms, which notify the stack's SNS topic."
  type        = bool
  nullable    = false
}

variable "bundles" {
  description = "Path and base64 SHA-256 of the functions' zip files, by folder name in lambda/."
  type        = map(object({ path = string, sha256 = string }))
  nullable    = false

  validation {
    condition     = length(setsubtract(["cached_api", "egress_probe"], keys(var.bundles))) == 0
    error_message = "bundles has ${join(", ", keys(var.bundles))}: it must have cached_api and egress_probe."
  }

  validation {
    condition     = var.origin_url != null || contains(keys(var.bundles), "origin")
    error_message = "bundles has ${join(", ", keys(var.bundles))}: it must have origin, or origin_url must be set."
  }
}

variable "cache" {
  description = "Cache: zone letter of each node, node type, whether nodes accept only TLS, maintenance window, memcached parameters."
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
  description = "IPv4 CIDR block of the VPC, with a prefix of /16 to /28."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, in the tag `Environment` of every resource."
  type        = string
  nullable    = false
}

variable "flow_logs" {
  description = "Flow logs of the VPC: retention and traffic type. Set to `null` to disable."
  type        = object({ retention_days = optional(number), traffic_type = optional(string) })
}

variable "gateway_endpoints" {
  description = "AWS services with a gateway endpoint in the private subnets, `s3` and `dynamodb`."
  type        = set(string)
  nullable    = false
}

variable "log_retention_days" {
  description = "Number of days for which CloudWatch Logs retains the functions' logs."
  type        = number
  nullable    = false
}

variable "memory_size" {
  description = "Memory of the cached API's function in MiB. Its CPU power, and so the speed of TLS, is proportional to the memory."
  type        = number
  nullable    = false
}

variable "name" {
  description = "Name of the stack and name prefix for its resources."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name is \"${var.name}\": it must be 2 to 31 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "origin_url" {
  description = "Base URL of the external API that the cached API caches. Set to `null` to create an origin function in the stack."
  type        = string
  default     = null

  validation {
    condition     = var.origin_url == null || try(startswith(var.origin_url, "https://"), false)
    error_message = "origin_url is \"${coalesce(var.origin_url, "null")}\": it must be null or an https:// URL, as egress is port 443 only."
  }
}

variable "probes" {
  description = "Whether each zone has an egress probe, the function with which `verify` tests egress and the cache's isolation."
  type        = bool
  default     = true
  nullable    = false
}

variable "protected" {
  description = "Whether destroying the stack, or replacing its stateful resources, requires its name as confirmation."
  type        = bool
  default     = false
  nullable    = false
}

variable "region" {
  description = "AWS region. vpcache passes the target's region; a value in terraform.tfvars rejects any other."
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
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: each must be a zone's letter, such as \"a\" for us-east-1a."
  }
}
