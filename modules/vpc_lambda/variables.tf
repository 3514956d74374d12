variable "alarms" {
  description = "Alarms on errors per minute, throttles, and p99 duration in percent of the timeout. Set to `null` to disable."
  type = object({
    topic_arn       = string
    errors          = optional(number, 0)
    timeout_percent = optional(number, 80)
  })
  default = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": it must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarms == null || try(var.alarms.timeout_percent > 0 && var.alarms.timeout_percent <= 100, false)
    error_message = "alarms.timeout_percent is ${try(var.alarms.timeout_percent, 0)}: it must be greater than 0 and at most 100."
  }
}

variable "alias" {
  description = "Name of an alias that follows the newest published version. Set to `null` to publish no versions."
  type        = string
  default     = null

  validation {
    condition = var.alias == null || can(regex("^[a-zA-Z_-][a-zA-Z0-9_-]{0,127}$", var.alias))
    error_message = join(" ", [
      "alias is \"${coalesce(var.alias, "null")}\":",
      "it must be 1 to 128 letters, digits, hyphens and underscores, and not begin with a digit.",
    ])
  }
}

variable "architecture" {
  description = "Instruction set architecture of the function: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "bundle" {
  description = "Deployment package of the function, a local zip file or an S3 object, and its SHA-256 in base64."
  type = object({
    sha256 = string
    path   = optional(string)
    s3     = optional(object({ bucket = string, key = string, version = optional(string) }))
  })
  nullable = false

  validation {
    condition     = (var.bundle.path == null) != (var.bundle.s3 == null)
    error_message = "bundle has ${var.bundle.path == null ? "neither path nor s3" : "both path and s3"}: exactly one of them must be set."
  }

  validation {
    condition = can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle.sha256))
    error_message = join(" ", [
      "bundle.sha256 is \"${var.bundle.sha256}\": it must be the zip file's SHA-256 in base64,",
      "the result of filebase64sha256(\"bundle.zip\").",
    ])
  }
}

variable "dead_letters" {
  description = "SQS queue or SNS topic for failed asynchronous events, and its customer managed KMS key if any. Set to `null` to disable."
  type        = object({ target_arn = string, kms_key_arn = optional(string) })
  default     = null

  validation {
    condition = var.dead_letters == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.dead_letters.target_arn))
    error_message = join(" ", [
      "dead_letters.target_arn is \"${try(var.dead_letters.target_arn, "")}\":",
      "it must be the ARN of an SQS queue or an SNS topic.",
    ])
  }

  validation {
    condition = (
      try(var.dead_letters.kms_key_arn, null) == null ||
      can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.dead_letters.kms_key_arn))
    )
    error_message = join(" ", [
      "dead_letters.kms_key_arn is \"${try(coalesce(var.dead_letters.kms_key_arn), "")}\":",
      "it must be the ARN of a key, such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab,",
      "not of an alias.",
    ])
  }
}

variable "egress_rules" {
  description = "Egress rules of the function, by label: one port to an IPv4 CIDR block or security group. All other egress is denied."
  type = map(object({
    port              = number
    protocol          = optional(string, "tcp")
    cidr_ipv4         = optional(string)
    security_group_id = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for rule in values(var.egress_rules) : (rule.cidr_ipv4 == null) != (rule.security_group_id == null)])
    error_message = join(" ", [
      "egress_rules has neither or both of cidr_ipv4 and security_group_id in",
      "${join(", ", [for label, rule in var.egress_rules : label if(rule.cidr_ipv4 == null) == (rule.security_group_id == null)])}:",
      "exactly one of them must be set in each rule.",
    ])
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : rule.port >= 1 && rule.port <= 65535])
    error_message = "egress_rules has the ports ${join(", ", values(var.egress_rules)[*].port)}: each must be from 1 to 65535."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : contains(["tcp", "udp"], rule.protocol)])
    error_message = "egress_rules has the protocols ${join(", ", values(var.egress_rules)[*].protocol)}: each must be \"tcp\" or \"udp\"."
  }

  # a label becomes the description of a rule
  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  validation {
    condition = alltrue([for label in keys(var.egress_rules) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,200}$", label))])
    error_message = join(" ", [
      "egress_rules has the labels ${join(", ", keys(var.egress_rules))}:",
      "each must be 1 to 200 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, the characters of a rule's description.",
    ])
  }
}

variable "environment" {
  description = "Environment variables of the function, by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name in keys(var.environment) : can(regex("^[a-zA-Z][a-zA-Z0-9_]+$", name)) && !startswith(name, "AWS_")
    ])
    error_message = join(" ", [
      "environment has the names ${join(", ", keys(var.environment))}:",
      "each must be two or more letters, digits and underscores, begin with a letter, and not begin with AWS_, which is reserved.",
    ])
  }
}

variable "ephemeral_storage_mb" {
  description = "Size of /tmp in MB, from 512 to 10240. Set to `null` for Lambda's default of 512."
  type        = number
  default     = null
}

variable "handler" {
  description = "Entry point in the bundle: module.function."
  type        = string
  default     = "handler.handler"
  nullable    = false

  validation {
    condition     = can(regex("^[^[:space:]]+\\.[^[:space:].]+$", var.handler))
    error_message = "handler is \"${var.handler}\": it must be module.function, such as \"handler.handler\"."
  }
}

variable "kms_keys" {
  description = "ARNs of customer managed KMS keys: of the environment variables, and of the log group, whose key policy must admit CloudWatch Logs."
  type        = object({ environment = optional(string), logs = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for key in compact([var.kms_keys.environment, var.kms_keys.logs]) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", key))
    ])
    error_message = join(" ", [
      "kms_keys has the values ${join(", ", compact([var.kms_keys.environment, var.kms_keys.logs]))}:",
      "each must be the ARN of a key, not of an alias.",
    ])
  }
}

variable "layers" {
  description = "ARNs of the versions of layers, in the order in which Lambda extracts them to /opt."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.layers : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$", arn))])
    error_message = "layers has the values ${join(", ", var.layers)}: each must be the ARN of a layer with its version at the end."
  }

  validation {
    condition     = length(var.layers) <= 5 && length(distinct(var.layers)) == length(var.layers)
    error_message = "layers has ${length(var.layers)} ARNs, ${length(distinct(var.layers))} of them different: there must be at most 5, without duplicates."
  }
}

variable "log_retention_days" {
  description = "Number of days for which CloudWatch Logs retains the function's logs."
  type        = number
  default     = 14
  nullable    = false
}

variable "logging" {
  description = "Log format, `JSON` or `Text`, and the lowest levels that JSON logs have. Set to `null` for Lambda's default, text."
  type = object({
    format            = optional(string, "JSON")
    application_level = optional(string)
    system_level      = optional(string)
  })
  default = null

  validation {
    condition     = try(var.logging.format != "Text" || (var.logging.application_level == null && var.logging.system_level == null), true)
    error_message = "logging.format is \"Text\": application_level and system_level must be null, as Lambda filters JSON logs only."
  }
}

variable "memory_size" {
  description = "Memory of the function in MiB. Its CPU power is proportional to the memory."
  type        = number
  default     = 256
  nullable    = false
}

variable "name" {
  description = "Name of the function, its role, its security group and its log group."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name)) && !startswith(var.name, "sg-")
    error_message = join(" ", [
      "name is \"${var.name}\":",
      "it must be 1 to 64 letters, digits, hyphens and underscores, and not begin with sg-, which is reserved for IDs.",
    ])
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrent executions. Set to `null` to use the account's unreserved concurrency, to 0 to stop all invocations."
  type        = number
  default     = null
}

variable "runtime" {
  description = "Lambda runtime of the function."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "subnets" {
  description = "IDs of the function's subnets, by zone name. Take them from values that wait for the subnets' routes."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is {}: it must have at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
  }

  validation {
    condition = alltrue([for id in values(var.subnets) : startswith(id, "subnet-")])
    error_message = join(" ", [
      "subnets has the values ${join(", ", values(var.subnets))}:",
      "each must be the ID of a subnet, such as subnet-0123456789abcdef0.",
    ])
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "timeout" {
  description = "Timeout of an invocation in seconds."
  type        = number
  default     = 10
  nullable    = false
}

variable "tracing" {
  description = "Whether X-Ray traces the function's invocations. `egress_rules` must allow the function to reach X-Ray."
  type        = bool
  default     = false
  nullable    = false
}

variable "vpc_id" {
  description = "ID of the subnets' VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is \"${var.vpc_id}\": it must be the ID of a VPC, such as vpc-0123456789abcdef0."
  }
}
