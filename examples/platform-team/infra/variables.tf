variable "courier" {
  description = "The courier's zip: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Beginning of the names of everything, so that stacks can stand side by side."
  type        = string
  nullable    = false
}

variable "region" {
  description = "AWS region, which vpcache passes."
  type        = string
  nullable    = false
}
