variable "branch" {
  description = "Branch whose workflows may take the role."
  type        = string
  default     = "main"
  nullable    = false
}

variable "name" {
  description = "Name of the role and its policies."
  type        = string
  default     = "nightly-of-vpcache"
  nullable    = false

  validation {
    condition     = !startswith(var.name, var.prefix)
    error_message = "name is \"${var.name}\": write one that does not begin with ${var.prefix}, or the role could change itself."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the account's identity provider for GitHub Actions, of which an account has only one. Null makes it."
  type        = string
  default     = null
}

variable "prefix" {
  description = "How the names of the stacks begin that the role may make, change and destroy."
  type        = string
  default     = "vpcache-"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}-$", var.prefix))
    error_message = "prefix is \"${var.prefix}\": write 4 to 22 lower-case letters, digits and hyphens, a letter first and a hyphen last."
  }
}

variable "region" {
  description = "The one region in which the role may work."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "repository" {
  description = "Repository on GitHub whose workflows may take the role: owner/name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is \"${var.repository}\": write owner/name, such as \"octo-org/vpcache\"."
  }
}
