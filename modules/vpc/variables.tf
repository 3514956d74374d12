variable "cidr_block" {
  description = "IPv4 CIDR block of the VPC, with a prefix of /16 to /28, unless `ipam` is set. A change is rejected by the plan."
  type        = string
  default     = null

  validation {
    condition     = (var.cidr_block == null) != (var.ipam == null)
    error_message = "cidr_block is ${coalesce(var.cidr_block, "null")}: either cidr_block or ipam must be set, and the other one must be null."
  }
}

variable "flow_logs" {
  description = "Flow logs in CloudWatch Logs, written by the role `role_name` or `name` with `-flow-logs`, or in S3. Set to `null` to disable."
  type = object({
    aggregation_seconds = optional(number, 600)
    format              = optional(string)
    kms_key_arn         = optional(string)
    retention_days      = optional(number, 14)
    role_name           = optional(string)
    s3                  = optional(object({ bucket_arn = string, parquet = optional(bool, true), hive = optional(bool, false) }))
    traffic_type        = optional(string, "ALL")
  })
  default = null

  validation {
    condition = var.flow_logs == null || length(try(coalesce(var.flow_logs.role_name, "${var.name}-flow-logs"), "")) <= 64
    error_message = join(" ", [
      "The role name of the flow logs is \"${try(coalesce(var.flow_logs.role_name, "${var.name}-flow-logs"), "")}\":",
      "it must have at most 64 characters. Set flow_logs.role_name or shorten name.",
    ])
  }

  validation {
    condition     = try(var.flow_logs.s3, null) == null || can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+(/[^[:space:]]+)?$", var.flow_logs.s3.bucket_arn))
    error_message = "flow_logs.s3.bucket_arn is \"${try(var.flow_logs.s3.bucket_arn, "")}\": it must be the ARN of a bucket, with a folder if any."
  }

  validation {
    condition     = try(var.flow_logs.s3, null) == null || try(var.flow_logs.kms_key_arn == null && var.flow_logs.role_name == null, true)
    error_message = "flow_logs.s3 is set: kms_key_arn and role_name must be null, as AWS writes without a role and the bucket has its own key."
  }

  validation {
    condition     = try(var.flow_logs.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.flow_logs.kms_key_arn))
    error_message = "flow_logs.kms_key_arn is \"${try(coalesce(var.flow_logs.kms_key_arn), "")}\": it must be the ARN of a key, not of an alias."
  }

  validation {
    condition     = try(var.flow_logs.format, null) == null || can(regex("^\\$\\{[a-z0-9-]+\\}( \\$\\{[a-z0-9-]+\\})*$", var.flow_logs.format))
    error_message = "flow_logs.format is \"${try(coalesce(var.flow_logs.format), "")}\": it must be fields with spaces between, such as \"$${srcaddr} $${action}\"."
  }
}

variable "gateway_endpoint_policies" {
  description = "Policies of the gateway endpoints as JSON, by service. Without one an endpoint admits all requests."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.gateway_endpoint_policies), var.gateway_endpoints)) == 0
    error_message = "gateway_endpoint_policies has ${join(", ", keys(var.gateway_endpoint_policies))}: each must be one of gateway_endpoints."
  }

  validation {
    condition     = alltrue([for policy in values(var.gateway_endpoint_policies) : can(jsondecode(policy).Statement)])
    error_message = "gateway_endpoint_policies has a value that is not a policy: each must be JSON with a Statement."
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

variable "interface_endpoints" {
  description = "Services with an interface endpoint in the private subnets, such as `logs`, and their policies. Set to `null` to disable."
  type = object({
    services    = set(string)
    policies    = optional(map(string), {})
    private_dns = optional(bool, true)
  })
  default = null

  validation {
    condition = alltrue([for service in try(var.interface_endpoints.services, []) :
      can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", service)) && !startswith(service, "com.") && !contains(["s3", "dynamodb"], service)
    ])
    error_message = join(" ", [
      "interface_endpoints.services has ${join(", ", try(var.interface_endpoints.services, []))}:",
      "each must be a service's name after com.amazonaws.REGION, such as \"logs\" or \"ecr.api\". s3 and dynamodb belong in gateway_endpoints.",
    ])
  }

  validation {
    condition = length(setsubtract(try(keys(var.interface_endpoints.policies), []), try(var.interface_endpoints.services, []))) == 0
    error_message = join(" ", [
      "interface_endpoints.policies has ${join(", ", try(keys(var.interface_endpoints.policies), []))}:",
      "each must be one of interface_endpoints.services.",
    ])
  }

  validation {
    condition     = alltrue([for policy in try(values(var.interface_endpoints.policies), []) : can(jsondecode(policy).Statement)])
    error_message = "interface_endpoints.policies has a value that is not a policy: each must be JSON with a Statement."
  }
}

variable "ipam" {
  description = "IPAM pool that allocates the VPC's CIDR block, and its prefix. The CIDR blocks in `zones` are then offsets, such as `0.0.0.64/26`."
  type        = object({ pool_id = string, netmask_length = number })
  default     = null

  validation {
    condition     = var.ipam == null || can(regex("^ipam-pool-", var.ipam.pool_id))
    error_message = "ipam.pool_id is \"${try(var.ipam.pool_id, "")}\": it must be the ID of an IPAM pool, such as ipam-pool-0123456789abcdef0."
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

variable "network_acls" {
  description = "Rules of the network ACL of each tier, by tier; `ports` is a port or a range. A tier without rules has the VPC's default ACL, which allows everything."
  type = map(list(object({
    number   = number
    cidr     = string
    egress   = optional(bool, false)
    action   = optional(string, "allow")
    protocol = optional(string, "tcp")
    ports    = optional(string)
  })))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rules in values(var.network_acls) : length(distinct(rules[*].egress)) == 2])
    error_message = "network_acls has a tier with rules for one direction: it must have rules for ingress and egress, as return traffic needs one too."
  }

  validation {
    condition     = alltrue([for rules in values(var.network_acls) : length(distinct([for rule in rules : [rule.egress, rule.number]])) == length(rules)])
    error_message = "network_acls has a number twice in one direction, of ${join("; ", [for tier, rules in var.network_acls : "${tier} ${join(", ", rules[*].number)}"])}: it must be unique."
  }

  validation {
    condition     = alltrue([for rules in values(var.network_acls) : length(distinct([for rule in rules : merge(rule, { number = 0, action = "" })])) == length(rules)])
    error_message = "network_acls has two rules for the same traffic in a tier: rules must differ in more than number and action, as the lower number decides."
  }

  validation {
    condition = alltrue([for rule in flatten(values(var.network_acls)) : rule.ports == null || try(
      contains(["tcp", "udp"], rule.protocol) && tonumber(split("-", rule.ports)[0]) <= tonumber(reverse(split("-", rule.ports))[0]), false
    )])
    error_message = "network_acls has the ports ${join(", ", compact(flatten(values(var.network_acls))[*].ports))}: each must be a port or an ascending range of tcp or udp, such as \"1024-65535\"."
  }
}

variable "secondary_cidr_blocks" {
  description = "Further IPv4 CIDR blocks of the VPC, for subnets too."
  type        = set(string)
  default     = []
  nullable    = false

  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
  validation {
    condition = alltrue([for pair in setproduct(var.secondary_cidr_blocks, concat(slice(local.private_cidrs, 0, 3), ["198.19.0.0/16"])) : try(
      cidrhost("${split("/", pair[0])[0]}/${split("/", pair[1])[1]}", 0) != cidrhost(pair[1], 0) ||
      cidrhost("${split("/", var.cidr_block)[0]}/${split("/", pair[1])[1]}", 0) == cidrhost(pair[1], 0), true
    )])
    error_message = join(" ", [
      "secondary_cidr_blocks has ${join(", ", var.secondary_cidr_blocks)}, but cidr_block is ${coalesce(var.cidr_block, "null")}: each must be outside",
      "198.19.0.0/16, and in the same one of ${join(", ", slice(local.private_cidrs, 0, 3))} or outside them.",
    ])
  }
}

variable "tags" {
  description = "Tags of every resource, in addition to `Name`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tier_tags" {
  description = "Tags of the subnets of each tier, in addition to `tags` and `Name`."
  type = object({
    public   = optional(map(string), {})
    private  = optional(map(string), {})
    isolated = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "tiers" {
  description = "Further private tiers, by name. Those with `routed` have the private route table of each zone, the others no route out of the VPC."
  type        = map(object({ routed = optional(bool, false), tags = optional(map(string), {}) }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for tier in keys(var.tiers) : can(regex("^[a-z][a-z0-9-]{0,31}$", tier)) && !contains(["public", "private", "isolated"], tier)])
    error_message = "tiers has ${join(", ", keys(var.tiers))}: each must be 1 to 32 of a-z, 0-9 and hyphens, begin with a letter, and differ from public, private and isolated."
  }
}

variable "zones" {
  description = "CIDR blocks of the subnets of each availability zone, and the numbers of their /64 blocks, by zone name or zone ID."
  type = map(object({
    public_cidr   = string
    private_cidr  = string
    isolated_cidr = optional(string)
    tier_cidrs    = optional(map(string), {})
    ipv6_netnums  = optional(map(number), {})
  }))
  nullable = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is {}: it must have at least one availability zone, such as us-east-1a, with public_cidr and private_cidr."
  }

  validation {
    condition = alltrue([for zone in keys(var.zones) : can(regex("^([a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]|([a-z]+-)?[a-z]+[0-9]+-az[0-9]+)$", zone))])
    error_message = join(" ", [
      "zones has the keys ${join(", ", keys(var.zones))}: each must be the full name of an availability zone, such as us-east-1a, or its ID, such as use1-az1.",
      "Local and Wavelength Zones have no NAT gateways or Lambda functions.",
    ])
  }

  validation {
    condition = alltrue([for cidr in compact(flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr, zone.isolated_cidr, values(zone.tier_cidrs)]])) :
      can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)
    ])
    error_message = join(" ", [
      "zones has the CIDR blocks ${join(", ", compact(flatten([for zone in var.zones : [zone.public_cidr, zone.private_cidr, zone.isolated_cidr, values(zone.tier_cidrs)]])))}:",
      "each must be a network address with a prefix of /16 to /28, such as \"10.0.0.64/26\".",
    ])
  }
}
