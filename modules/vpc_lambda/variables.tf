variable "alarms" {
  description = "Alarms to an SNS topic: errors a minute, throttles, and the p99 of duration in percent of the time limit. Null for none."
  type = object({
    topic_arn       = string
    errors          = optional(number, 0)
    timeout_percent = optional(number, 80)
  })
  default = null

  validation {
    condition     = var.alarms == null || can(regex("^arn:[a-z-]+:sns:", var.alarms.topic_arn))
    error_message = "alarms.topic_arn is \"${try(var.alarms.topic_arn, "")}\": write the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:alarms."
  }

  validation {
    condition     = var.alarms == null || try(var.alarms.timeout_percent > 0 && var.alarms.timeout_percent <= 100, false)
    error_message = "alarms.timeout_percent is ${try(var.alarms.timeout_percent, 0)}: write a number above 0 and up to 100."
  }
}

variable "alias" {
  description = "Name of an alias that follows the newest published version. Null publishes no versions."
  type        = string
  default     = null

  validation {
    condition     = var.alias == null || can(regex("^[a-zA-Z_-][a-zA-Z0-9_-]{0,127}$", var.alias))
    error_message = "alias is \"${coalesce(var.alias, "null")}\": write letters, digits, hyphens and underscores, no digit first, such as \"live\"."
  }
}

variable "architecture" {
  description = "Processor architecture of the function: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is \"${var.architecture}\": write \"arm64\" or \"x86_64\"."
  }
}

variable "bundle" {
  description = "The function's zip, on this machine or in S3, and its SHA-256 in base64."
  type = object({
    sha256 = string
    path   = optional(string)
    s3     = optional(object({ bucket = string, key = string, version = optional(string) }))
  })
  nullable = false

  validation {
    condition     = (var.bundle.path == null) != (var.bundle.s3 == null)
    error_message = "bundle has ${var.bundle.path == null ? "neither path nor s3" : "both path and s3"}: write one of them."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle.sha256))
    error_message = "bundle.sha256 is \"${var.bundle.sha256}\": write the zip's SHA-256 in base64, as filebase64sha256(\"bundle.zip\") gives it."
  }
}

variable "dead_letters" {
  description = "SQS queue or SNS topic for events that failed in asynchronous runs, and the KMS key that encrypts it, if it is a customer managed one. Null for none."
  type        = object({ target_arn = string, kms_key_arn = optional(string) })
  default     = null

  validation {
    condition     = var.dead_letters == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.dead_letters.target_arn))
    error_message = "dead_letters.target_arn is \"${try(var.dead_letters.target_arn, "")}\": write the ARN of an SQS queue or an SNS topic."
  }

  validation {
    condition     = try(var.dead_letters.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.dead_letters.kms_key_arn))
    error_message = "dead_letters.kms_key_arn is \"${try(coalesce(var.dead_letters.kms_key_arn), "")}\": it must be the ARN of a key, such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, not of an alias."
  }
}

variable "egress_rules" {
  description = "What the function may reach, by a label of your choice: a port of a range or of a security group's members. Nothing else is reachable."
  type = map(object({
    port              = number
    protocol          = optional(string, "tcp")
    cidr_ipv4         = optional(string)
    security_group_id = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : (rule.cidr_ipv4 == null) != (rule.security_group_id == null)])
    error_message = "egress_rules ${join(", ", [for label, rule in var.egress_rules : label if(rule.cidr_ipv4 == null) == (rule.security_group_id == null)])}: write either cidr_ipv4 or security_group_id in each."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : rule.port >= 1 && rule.port <= 65535 && floor(rule.port) == rule.port])
    error_message = "egress_rules has the ports ${join(", ", values(var.egress_rules)[*].port)}: write whole numbers from 1 to 65535."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : rule.cidr_ipv4 == null || can(cidrnetmask(rule.cidr_ipv4))])
    error_message = "egress_rules has the ranges ${join(", ", [for rule in values(var.egress_rules) : rule.cidr_ipv4 if rule.cidr_ipv4 != null])}: write IPv4 ranges, such as \"0.0.0.0/0\"."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : contains(["tcp", "udp"], rule.protocol)])
    error_message = "egress_rules has the protocols ${join(", ", values(var.egress_rules)[*].protocol)}: write \"tcp\" or \"udp\"."
  }

  # a label becomes the description of a rule
  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  validation {
    condition     = alltrue([for label in keys(var.egress_rules) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,200}$", label))])
    error_message = "egress_rules has the labels ${join(", ", keys(var.egress_rules))}: each must be 1 to 200 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, as AWS takes them in the description of a rule."
  }
}

variable "environment" {
  description = "Environment variables of the function, by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[a-zA-Z][a-zA-Z0-9_]+$", name)) && !startswith(name, "AWS_")])
    error_message = "environment has the names ${join(", ", keys(var.environment))}: write two or more letters, digits and underscores, a letter first; names that begin with AWS_ are Lambda's own."
  }
}

variable "handler" {
  description = "Entry point in the bundle: module.function."
  type        = string
  default     = "handler.handler"
  nullable    = false

  validation {
    condition     = can(regex("^[^[:space:]]+\\.[^[:space:].]+$", var.handler))
    error_message = "handler is \"${var.handler}\": write module.function, such as \"handler.handler\"."
  }
}

variable "log_retention_days" {
  description = "Days for which the function's logs are kept."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains(local.retentions, var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}: write one of ${join(", ", local.retentions)}."
  }
}

variable "memory_size" {
  description = "Memory of the function in MiB; its share of a processor grows with it."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size is ${var.memory_size}: write a whole number of MiB from 128 to 10240."
  }
}

variable "name" {
  description = "Name of the function, its role, its security group and its log group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name)) && !startswith(var.name, "sg-")
    error_message = "name is \"${var.name}\": write 1 to 64 letters, digits, hyphens and underscores, and not sg- first."
  }
}

variable "policy_statements" {
  description = "What else the function may do, by a label of letters and digits: actions on resources, and conditions by operator and key."
  type = map(object({
    actions    = list(string)
    resources  = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for label in keys(var.policy_statements) : can(regex("^[A-Za-z0-9]+$", label))])
    error_message = "policy_statements has the labels ${join(", ", keys(var.policy_statements))}: write letters and digits only."
  }

  validation {
    condition = alltrue([for action in flatten(values(var.policy_statements)[*].actions) : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action)) || (
      can(regex("^[a-z0-9-]+:(Get|List|Describe|BatchGet|Query|Scan|Select)[A-Za-z0-9*]*$", action)) && !can(regex("^(iam|sts):", action))
    )])
    error_message = "policy_statements has the actions ${join(", ", flatten(values(var.policy_statements)[*].actions))}: each must be one action of a service, such as \"s3:GetObject\". A * must follow Get, List, Describe, BatchGet, Query, Scan or Select, as in \"s3:Get*\"; iam and sts take none."
  }
}

variable "reserved_concurrency" {
  description = "How many runs of the function may go on at once, set aside for it. Null shares the account's; 0 stops the function."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 0 && floor(var.reserved_concurrency) == var.reserved_concurrency, false)
    error_message = "reserved_concurrency is ${coalesce(var.reserved_concurrency, -1)}: write a whole number of 0 or more, or null."
  }
}

variable "role_name" {
  description = "Name of the function's role. Null takes `name`; a second region needs another one, as roles are of all regions."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[a-zA-Z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name is \"${coalesce(var.role_name, "null")}\": it must be 1 to 64 letters, digits and +=,.@_-."
  }
}

variable "runtime" {
  description = "Lambda runtime of the function."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = can(regex("^(python3\\.1[2-9]|nodejs2[0-9]\\.x|java(17|21|25)|dotnet([89]|10)|ruby3\\.[2-9]|provided\\.al2(023)?)$", var.runtime))
    error_message = "runtime is \"${var.runtime}\": write one that Lambda supports, such as \"python3.13\"."
  }
}

variable "subnets" {
  description = "Ids of the subnets in which the function runs, by zone name; take them from values that wait for the subnets' routes."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is empty: write at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
  }

  validation {
    condition     = alltrue([for id in values(var.subnets) : startswith(id, "subnet-")])
    error_message = "subnets has the values ${join(", ", values(var.subnets))}: write ids of subnets, such as subnet-0123456789abcdef0."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "timeout" {
  description = "Seconds after which a run is ended."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "timeout is ${var.timeout}: write a whole number of seconds from 1 to 900."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the function's runs; its client must reach X-Ray through egress_rules."
  type        = bool
  default     = false
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC in which the subnets are."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is \"${var.vpc_id}\": write the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

locals {
  # the only values that CloudWatch Logs takes
  retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
}
