variable "bundle" {
  description = "Zip file of the function: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name prefix for the resources of this example."
  type        = string
  nullable    = false
}

variable "release" {
  description = "Version that callers get, and the share of invocations that the newest version gets instead."
  type        = object({ stable_version = string, canary_weight = number })
  default     = null
}
