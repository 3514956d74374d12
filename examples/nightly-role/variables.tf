variable "branch" {
  description = "Branch whose version of the workflow may assume the role."
  type        = string
  default     = "main"
  nullable    = false
}

variable "create_oidc_provider" {
  description = "Whether to create the account's identity provider for GitHub Actions instead of using the existing one."
  type        = bool
  default     = false
  nullable    = false
}

variable "github_environment" {
  description = "GitHub environment in which a job must run to assume the role."
  type        = string
  default     = "nightly"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "github_environment is \"${var.github_environment}\": it must be letters, digits, - and _, as GitHub escapes others."
  }
}

variable "ids" {
  description = "GitHub's IDs of the owner and the repository, for repositories created or renamed since 15 July 2026."
  type        = object({ owner = string, repository = string })
  default     = null

  validation {
    condition = var.ids == null || can([for id in values(var.ids) : regex("^[0-9]+$", id)])
    error_message = join(" ", [
      "ids has ${try(join(" and ", values(var.ids)), "")}: each must be digits only.",
      "Run `gh api repos/OWNER/NAME --jq '{owner: .owner.id, repository: .id}'` to get them.",
    ])
  }
}

variable "name" {
  description = "Name of the role and its policies."
  type        = string
  default     = "nightly-of-vpcache"
  nullable    = false

  validation {
    condition     = !startswith(var.name, var.prefix)
    error_message = "name is \"${var.name}\": it must not begin with ${var.prefix}, or the role could change itself."
  }
}

variable "prefix" {
  description = "Name prefix of the stacks that the role may create, change and destroy."
  type        = string
  default     = "vpcache-ci-"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}-$", var.prefix))
    error_message = "prefix is \"${var.prefix}\": it must be 4 to 22 lower-case letters, digits and hyphens, from a letter to a hyphen."
  }
}

variable "region" {
  description = "AWS region to which the role is limited."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "repository" {
  description = "GitHub repository whose workflows may assume the role: owner/name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is \"${var.repository}\": it must be owner/name, such as \"octo-org/vpcache\"."
  }
}

variable "workflow" {
  description = "Path of the workflow in the repository whose jobs may assume the role."
  type        = string
  default     = ".github/workflows/nightly.yml"
  nullable    = false
}
