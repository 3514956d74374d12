variable "alias" {
  description = "Name of an alias that follows the newest published version, see `release`. Set to `null` to publish no versions."
  type        = string
  default     = null

  validation {
    condition     = var.alias == null || can(regex("^[a-zA-Z_-][a-zA-Z0-9_-]{0,127}$", var.alias))
    error_message = "alias is \"${coalesce(var.alias, "null")}\": it must be 1 to 128 letters, digits, hyphens and underscores, and not begin with a digit."
  }
}

variable "architecture" {
  description = "Instruction set architecture of the function: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "bundle" {
  description = "Deployment package of the function: a local zip file or an S3 object, with its SHA-256 in base64, or a container image in ECR."
  type = object({
    sha256                  = optional(string)
    path                    = optional(string)
    s3                      = optional(object({ bucket = string, key = string, version = optional(string) }))
    image_uri               = optional(string)
    code_signing_config_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = length([for package in [var.bundle.path, var.bundle.s3, var.bundle.image_uri] : true if package != null]) == 1
    error_message = "bundle has none or several of path, s3 and image_uri: exactly one of them must be set."
  }

  validation {
    condition     = var.bundle.image_uri == null ? can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle.sha256)) : var.bundle.sha256 == null
    error_message = "bundle.sha256 is \"${coalesce(var.bundle.sha256, "null")}\": it must be filebase64sha256(\"bundle.zip\"), and null with image_uri."
  }

  validation {
    condition = var.bundle.image_uri == null || (
      can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[^/]+/.+(:|@sha256:)[a-zA-Z0-9._-]+$", var.bundle.image_uri)) && var.bundle.code_signing_config_arn == null
    )
    error_message = "bundle.image_uri is \"${coalesce(var.bundle.image_uri, "null")}\": it must be in ECR, with a tag or digest, without code_signing_config_arn."
  }
}

variable "dead_letters" {
  description = "SQS queue or SNS topic for failed asynchronous events, and its customer managed KMS key if any. Set to `null` to disable."
  type        = object({ target_arn = string, kms_key_arn = optional(string) })
  default     = null

  validation {
    condition     = var.dead_letters == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.dead_letters.target_arn))
    error_message = "dead_letters.target_arn is \"${try(var.dead_letters.target_arn, "")}\": it must be the ARN of an SQS queue or an SNS topic."
  }

  validation {
    condition     = can(regex("^(|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)$", try(coalesce(var.dead_letters.kms_key_arn), "")))
    error_message = "dead_letters.kms_key_arn is \"${try(coalesce(var.dead_letters.kms_key_arn), "")}\": it must be the ARN of a key, not of an alias."
  }
}

variable "egress_rules" {
  description = "Egress rules of the function, by label: one port to an IPv4 or IPv6 CIDR block or security group. All other egress is denied."
  type = map(object({
    port              = number
    protocol          = optional(string, "tcp")
    cidr_ipv4         = optional(string)
    cidr_ipv6         = optional(string)
    security_group_id = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for rule in values(var.egress_rules) :
      length([for target in [rule.cidr_ipv4, rule.cidr_ipv6, rule.security_group_id] : true if target != null]) == 1
    ])
    error_message = "egress_rules has the labels ${join(", ", keys(var.egress_rules))}: exactly one of cidr_ipv4, cidr_ipv6 and security_group_id must be set in each."
  }

  validation {
    condition     = var.ipv6 || alltrue([for rule in values(var.egress_rules) : rule.cidr_ipv6 == null])
    error_message = "egress_rules has cidr_ipv6 while ipv6 is false: it must be null, as the function has no IPv6 address."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : rule.port >= 1 && rule.port <= 65535 && contains(["tcp", "udp"], rule.protocol)])
    error_message = "egress_rules has ${join(", ", [for rule in values(var.egress_rules) : "${rule.protocol} ${rule.port}"])}: each must have a port from 1 to 65535 and the protocol \"tcp\" or \"udp\"."
  }

  # a label becomes the description of a rule
  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  validation {
    condition     = alltrue([for label in keys(var.egress_rules) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,200}$", label))])
    error_message = "egress_rules has the labels ${join(", ", keys(var.egress_rules))}: each must be 1 to 200 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*."
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
    error_message = "environment has ${join(", ", keys(var.environment))}: each must be two or more letters, digits and underscores, begin with a letter, not with AWS_."
  }
}

variable "ephemeral_storage_mb" {
  description = "Size of /tmp in MB, from 512 to 10240. Set to `null` for Lambda's default of 512."
  type        = number
  default     = null
}

variable "file_system" {
  description = "EFS access point that the function mounts, and its path below /mnt. `egress_rules` must allow port 2049. Set to `null` to disable."
  type        = object({ access_point_arn = string, mount_path = string })
  default     = null

  validation {
    condition     = var.file_system == null || can(regex("^arn:[a-z-]+:elasticfilesystem:.+:access-point/fsap-", var.file_system.access_point_arn))
    error_message = "file_system.access_point_arn is \"${try(var.file_system.access_point_arn, "")}\": it must be the ARN of an EFS access point."
  }

  validation {
    condition     = var.file_system == null || can(regex("^/mnt/[a-zA-Z0-9_.-]+$", var.file_system.mount_path))
    error_message = "file_system.mount_path is \"${try(var.file_system.mount_path, "")}\": it must be a path such as \"/mnt/data\"."
  }

  validation {
    condition     = var.file_system == null || contains(values(var.egress_rules)[*].port, 2049)
    error_message = "file_system is set, and egress_rules has the ports ${join(", ", values(var.egress_rules)[*].port)}: one must be 2049, for NFS."
  }
}

variable "handler" {
  description = "Entry point in the bundle, module.function (default: `handler.handler`; none with an image)."
  type        = string
  default     = null

  validation {
    condition     = var.handler == null || (can(regex("^[^[:space:]]+\\.[^[:space:].]+$", var.handler)) && var.bundle.image_uri == null)
    error_message = "handler is \"${coalesce(var.handler, "null")}\": it must be module.function, such as \"handler.handler\", and null with bundle.image_uri."
  }
}

variable "ipv6" {
  description = "Whether the function also has IPv6 egress. All subnets must be dual-stack."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_keys" {
  description = "ARNs of customer managed KMS keys: of the environment variables, and of the log groups, whose key policy must admit CloudWatch Logs."
  type        = object({ environment = optional(string), logs = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for key in compact([var.kms_keys.environment, var.kms_keys.logs]) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", key))
    ])
    error_message = "kms_keys is ${jsonencode(var.kms_keys)}: each must be the ARN of a key, not of an alias."
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
    condition     = length(distinct(var.layers)) == length(var.layers) && length(var.layers) <= (var.bundle.image_uri == null ? 5 : 0)
    error_message = "layers has ${length(var.layers)} ARNs: there must be at most 5, without duplicates, and none with bundle.image_uri."
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
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name)) && !startswith(var.name, "sg-")
    error_message = "name is \"${var.name}\": it must be 1 to 64 letters, digits, hyphens and underscores, and not begin with sg-, which is reserved."
  }
}

variable "release" {
  description = "How `alias` serves versions: `stable_version` without the share `canary_weight`, which the newest version gets; processes kept warm; SnapStart."
  type = object({
    stable_version          = optional(string)
    canary_weight           = optional(number, 0)
    provisioned_concurrency = optional(number)
    snap_start              = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.alias != null || (
      var.release.stable_version == null && var.release.provisioned_concurrency == null && !var.release.snap_start
    )
    error_message = "release is ${jsonencode(var.release)}, and alias is null: alias must be set, as only published versions have these settings."
  }

  validation {
    condition = var.release.stable_version == null ? var.release.canary_weight == 0 : (
      can(regex("^[1-9][0-9]*$", var.release.stable_version)) && var.release.canary_weight >= 0 && var.release.canary_weight < 1
    )
    error_message = "release is ${jsonencode(var.release)}: stable_version must be a number, canary_weight from 0 to less than 1, and 0 without stable_version."
  }

  validation {
    condition = var.release.provisioned_concurrency == null || try(
      var.release.provisioned_concurrency >= 1 && var.release.canary_weight == 0 &&
      var.release.provisioned_concurrency <= coalesce(var.reserved_concurrency, 100000), false
    )
    error_message = "release is ${jsonencode(var.release)}: provisioned_concurrency must be from 1 to reserved_concurrency, and null with a canary_weight."
  }

  # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
  validation {
    condition = !var.release.snap_start || (
      can(regex("^(dotnet([89]|[1-9][0-9])|java(11|17|[2-9][0-9])|python3\\.(1[2-9]|[2-9][0-9]))$", coalesce(var.runtime, "python3.13"))) &&
      var.bundle.image_uri == null && var.release.provisioned_concurrency == null && var.file_system == null &&
      coalesce(var.ephemeral_storage_mb, 512) == 512
    )
    error_message = join(" ", [
      "release.snap_start is true: runtime must be Python 3.12, Java 11, .NET 8 or newer, without an image, provisioned_concurrency,",
      "file_system, or more than 512 MB of ephemeral storage.",
    ])
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrent executions. Set to `null` to use the account's unreserved concurrency, to 0 to stop all invocations."
  type        = number
  default     = null
}

variable "runtime" {
  description = "Lambda runtime of the function (default: `python3.13`; none with an image)."
  type        = string
  default     = null

  validation {
    condition     = var.runtime == null || var.bundle.image_uri == null
    error_message = "runtime is \"${coalesce(var.runtime, "null")}\": it must be null with bundle.image_uri, as the image has the runtime."
  }
}

variable "subnets" {
  description = "IDs of the function's subnets, by zone name. Take them from values that wait for the subnets' routes."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0 && alltrue([for id in values(var.subnets) : startswith(id, "subnet-")])
    error_message = "subnets is ${jsonencode(var.subnets)}: it must have a zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
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

variable "vpc_id" {
  description = "ID of the subnets' VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is \"${var.vpc_id}\": it must be the ID of a VPC, such as vpc-0123456789abcdef0."
  }
}
