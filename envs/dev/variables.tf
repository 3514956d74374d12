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

variable "alarm_receivers" {
  description = "Receivers of the alarms besides `alarm_emails`: HTTPS URLs, or an existing topic, such as a chat channel's, in place of the stack's own. `silenced` accepts alarms without a receiver."
  type = object({
    https_urls = optional(set(string), [])
    topic_arn  = optional(string)
    silenced   = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for url in var.alarm_receivers.https_urls : startswith(url, "https://")])
    error_message = "alarm_receivers.https_urls has ${join(", ", var.alarm_receivers.https_urls)}: each must be an https:// URL."
  }

  validation {
    condition     = var.alarm_receivers.topic_arn == null || can(regex("^arn:[a-z-]+:sns:", var.alarm_receivers.topic_arn))
    error_message = "alarm_receivers.topic_arn is \"${coalesce(var.alarm_receivers.topic_arn, "null")}\": it must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarms || (var.alarm_receivers.topic_arn == null && length(var.alarm_receivers.https_urls) == 0)
    error_message = "alarm_receivers is set, but alarms is false: it must have no https_urls and no topic_arn, or alarms must be true."
  }

  validation {
    condition     = var.alarm_receivers.topic_arn == null || length(setunion(var.alarm_emails, var.alarm_receivers.https_urls)) == 0
    error_message = "alarm_receivers.topic_arn is set: alarm_emails and https_urls must be empty, as the owner of that topic subscribes its receivers."
  }

  validation {
    condition = !var.alarms || var.alarm_receivers.silenced || var.alarm_receivers.topic_arn != null || (
      length(setunion(var.alarm_emails, var.alarm_receivers.https_urls)) > 0
    )
    error_message = join(" ", [
      "alarms is true, but the alarms have no receiver: alarm_emails, alarm_receivers.https_urls or alarm_receivers.topic_arn must be set,",
      "or alarm_receivers.silenced must be true.",
    ])
  }

  validation {
    condition = !var.alarm_receivers.silenced || (
      var.alarm_receivers.topic_arn == null && length(setunion(var.alarm_emails, var.alarm_receivers.https_urls)) == 0
    )
    error_message = "alarm_receivers.silenced is true, but the alarms have receivers: it must be false, or there must be none."
  }
}

variable "alarms" {
  description = "Whether the NAT gateways, the cache and the cached API have alarms, which notify the stack's SNS topic."
  type        = bool
  nullable    = false
}

variable "api" {
  description = "Cached API: seconds for which responses are fresh and then stale, TTLs and other origins by path prefix, query parameters, and who may purge. lambda/cached_api/README.md has their meaning."
  type = object({
    ttl_seconds      = optional(number, 300)
    stale_seconds    = optional(number)
    path_ttls        = optional(map(string), {})
    origins          = optional(map(string), {})
    query_parameters = optional(set(string), [])
    purge            = optional(object({ callers = set(string), prefixes = optional(set(string), []) }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for url in values(var.api.origins) : startswith(url, "https://")])
    error_message = "api.origins has ${join(", ", values(var.api.origins))}: each must be an https:// URL, as egress is port 443 only."
  }
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
  description = "Cache: zone letter of each node, node type, whether nodes accept only TLS, tier of the subnets (`private` or `isolated`), maintenance window, memcached parameters. Another tier replaces the cluster."
  type = object({
    zones              = list(string)
    node_type          = string
    transit_encryption = bool
    maintenance_window = optional(string)
    parameters         = optional(map(string), {})
    tier               = optional(string, "private")
  })
  nullable = false

  validation {
    condition     = contains(["private", "isolated"], var.cache.tier)
    error_message = "cache.tier is \"${var.cache.tier}\": it must be \"private\" or \"isolated\"."
  }

  validation {
    condition = var.cache.tier != "isolated" || length(local.zones_without_isolated_subnet) == 0
    error_message = join(" ", [
      "cache.tier is \"isolated\", but zones has no isolated_cidr for ${join(", ", local.zones_without_isolated_subnet)}:",
      "it must be set in each zone, or tier must be \"private\".",
    ])
  }
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

variable "front_door" {
  description = "HTTPS endpoint of the cached API, on its function or, if set, on an alias: `AWS_IAM`, for signed requests, or `NONE`, public. Set to `null` to disable."
  type = object({
    alias   = optional(string)
    auth    = optional(string, "AWS_IAM")
    callers = optional(map(string), {})
    cors = optional(object({
      allow_origins   = set(string)
      allow_methods   = optional(set(string), ["GET", "HEAD"])
      allow_headers   = optional(set(string))
      expose_headers  = optional(set(string))
      max_age_seconds = optional(number)
    }))
  })
  default = null
}

variable "gateway_endpoints" {
  description = "AWS services with a gateway endpoint in the private subnets, `s3` and `dynamodb`."
  type        = set(string)
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint in the private subnets, such as `secretsmanager`, and its policy. Set to `null` to disable."
  type        = object({ services = set(string), policies = optional(map(string)), private_dns = optional(bool) })
  default     = null
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

variable "nat" {
  description = "NAT gateways: one per zone (`per_zone`), or that of the zone with the letter `single_zone` for all zones (`single`), at the price of one."
  type        = object({ mode = optional(string, "per_zone"), single_zone = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition     = contains(["per_zone", "single"], var.nat.mode)
    error_message = "nat.mode is \"${var.nat.mode}\": it must be \"per_zone\" or \"single\", as the functions need egress."
  }

  validation {
    condition = var.nat.mode == "single" ? contains(keys(var.zones), coalesce(var.nat.single_zone, "null")) : var.nat.single_zone == null
    error_message = join(" ", [
      "nat.single_zone is \"${coalesce(var.nat.single_zone, "null")}\":",
      "with mode \"single\" it must be one of the zones ${join(", ", keys(var.zones))}, with mode \"per_zone\" null.",
    ])
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

variable "secondary_cidr_blocks" {
  description = "Further IPv4 CIDR blocks of the VPC, for subnets of more zones."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "zones" {
  description = "CIDR blocks of the public, the private and, if any, the isolated subnet of each availability zone, by the zone's letter in the region."
  type = map(object({
    public_cidr   = string
    private_cidr  = string
    isolated_cidr = optional(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for letter in keys(var.zones) : can(regex("^[a-z]$", letter))])
    error_message = "zones has the keys ${join(", ", keys(var.zones))}: each must be a zone's letter, such as \"a\" for us-east-1a."
  }
}
