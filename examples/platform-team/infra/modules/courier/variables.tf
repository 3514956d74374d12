variable "bundle" {
  description = "The function's zip: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name of the function and of all that is its own."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "Id of the private subnet in which it runs."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC in which the subnet is."
  type        = string
  nullable    = false
}
