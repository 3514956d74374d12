variable "policy_statements" {
  description = "Additional statements of the execution role's policy, by Sid: actions, resources, and conditions by operator and key."
  type = map(object({
    actions    = list(string)
    resources  = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for label in keys(var.policy_statements) : can(regex("^[A-Za-z0-9]+$", label))])
    error_message = "policy_statements has the labels ${join(", ", keys(var.policy_statements))}: each must be letters and digits only."
  }

  validation {
    condition = alltrue([
      for action in flatten(values(var.policy_statements)[*].actions) : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action)) || (
        can(regex("^[a-z0-9-]+:(Get|List|Describe|BatchGet|Query|Scan|Select)[A-Za-z0-9*]*$", action)) &&
        !can(regex("^(iam|sts):", action))
      )
    ])
    error_message = join(" ", [
      "policy_statements has the actions ${join(", ", flatten(values(var.policy_statements)[*].actions))}:",
      "each must be one action of a service, such as \"s3:GetObject\".",
      "A wildcard must follow Get, List, Describe, BatchGet, Query, Scan or Select, as in \"s3:Get*\".",
      "The services iam and sts must have no wildcards.",
    ])
  }
}

variable "role" {
  description = "Path and permissions boundary of the execution role, or an existing role; the module then creates none."
  type = object({
    existing             = optional(object({ arn = string })) # an object, because count must know whether it is null before the role exists
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^/([!-~]+/)*$", var.role.path)) && length(var.role.path) <= 512
    error_message = "role.path is \"${var.role.path}\": it must begin and end with a slash, such as \"/platform/\", and have at most 512 characters."
  }

  validation {
    condition     = var.role.existing == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.role.existing.arn))
    error_message = "role.existing.arn is \"${try(var.role.existing.arn, "")}\": it must be the ARN of an IAM role."
  }

  validation {
    condition     = var.role.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.role.permissions_boundary))
    error_message = "role.permissions_boundary is \"${coalesce(var.role.permissions_boundary, "null")}\": it must be the ARN of an IAM policy."
  }

  validation {
    condition = var.role.existing == null || (
      var.role.path == "/" && var.role.permissions_boundary == null && var.role_name == null && length(var.policy_statements) == 0
    )
    error_message = join(" ", [
      "role.existing is set, so the module creates no role: role.path, role.permissions_boundary, role_name and policy_statements",
      "must not be set. The output policy has the permissions that the existing role needs.",
    ])
  }
}

variable "role_name" {
  description = "Name of the execution role (default: `name`). It must differ in a second region, as IAM roles are global."
  type        = string
  default     = null
}
