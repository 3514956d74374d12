variable "courier" {
  description = "Zip file of the courier: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name of the stack and name prefix for its resources."
  type        = string
  nullable    = false
}

variable "region" {
  description = "AWS region. vpcache passes the target's region."
  type        = string
  nullable    = false
}
