variable "branch" {
  description = "Branch whose version of the workflow may take the role."
  type        = string
  default     = "main"
  nullable    = false
}

variable "create_oidc_provider" {
  description = "Whether to make the account's identity provider for GitHub Actions, of which an account has only one, instead of finding it."
  type        = bool
  default     = false
  nullable    = false
}

variable "github_environment" {
  description = "Environment of the repository on GitHub in which a job has to run to take the role."
  type        = string
  default     = "nightly"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "github_environment is \"${var.github_environment}\": write letters, digits, hyphens and underscores; GitHub escapes others in the token."
  }
}

variable "ids" {
  description = "GitHub's ids of the repository's owner and of the repository, which the tokens of repositories made or renamed since 15 July 2026 name; null for the names alone."
  type        = object({ owner = string, repository = string })
  default     = null

  validation {
    condition     = var.ids == null || can([for id in values(var.ids) : regex("^[0-9]+$", id)])
    error_message = "ids has something else than digits: `gh api repos/OWNER/NAME --jq '{owner: .owner.id, repository: .id}'` shows both."
  }
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

variable "prefix" {
  description = "How the names of the stacks begin that the role may make, change and destroy."
  type        = string
  default     = "vpcache-ci-"
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

variable "workflow" {
  description = "Path of the one workflow in the repository whose jobs may take the role."
  type        = string
  default     = ".github/workflows/nightly.yml"
  nullable    = false
}
