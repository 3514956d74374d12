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
  description = "The function's zip: its path, and its SHA-256 in base64."
  type = object({
    path   = string
    sha256 = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle.sha256))
    error_message = "bundle.sha256 is \"${var.bundle.sha256}\": write the zip's SHA-256 in base64, as filebase64sha256(\"${var.bundle.path}\") gives it."
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
    condition     = alltrue([for rule in values(var.egress_rules) : contains(["tcp", "udp"], rule.protocol)])
    error_message = "egress_rules has the protocols ${join(", ", values(var.egress_rules)[*].protocol)}: write \"tcp\" or \"udp\"."
  }
}

variable "environment" {
  description = "Environment variables of the function, by name."
  type        = map(string)
  default     = {}
  nullable    = false
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

variable "runtime" {
  description = "Lambda runtime of the function."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "subnets" {
  description = "Ids of the subnets in which the function runs, by zone name; take them from values that wait for the subnets' routes."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is empty: write at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
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

variable "vpc_id" {
  description = "Id of the VPC in which the subnets are."
  type        = string
  nullable    = false
}

locals {
  # the only values that CloudWatch Logs takes
  retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
}
