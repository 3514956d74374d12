variable "address_service_url" {
  description = "What egress_probe asks for the address that the internet sees; answers with the address alone."
  type        = string
  default     = "https://checkip.amazonaws.com"
  nullable    = false

  validation {
    condition     = startswith(var.address_service_url, "https://")
    error_message = "address_service_url is \"${var.address_service_url}\": write an https:// URL; the functions may reach port 443 only."
  }
}

variable "bundles" {
  description = "Path and base64 SHA-256 of the functions' zips, by folder name in lambda/."
  type        = map(object({ path = string, sha256 = string }))
  nullable    = false

  validation {
    condition     = length(setsubtract(["cached_api", "egress_probe"], keys(var.bundles))) == 0
    error_message = "bundles has ${join(", ", keys(var.bundles))}: write both cached_api and egress_probe."
  }
}

variable "cidr_block" {
  description = "IPv4 range of the VPC."
  type        = string
  default     = "10.0.0.0/24"
  nullable    = false
}

variable "name" {
  description = "Name of the stack, in the name of everything it has."
  type        = string
  default     = "vpcache-dev"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name is \"${var.name}\": write 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "origin_url" {
  description = "Base URL of the external API that cached_api answers for."
  type        = string
  default     = "https://dummy.restapiexample.com/api/v1"
  nullable    = false

  validation {
    condition     = startswith(var.origin_url, "https://")
    error_message = "origin_url is \"${var.origin_url}\": write an https:// URL; the functions may reach port 443 only."
  }
}

variable "zones" {
  description = "Ranges of the public and the private subnet of each availability zone, by zone name."
  type = map(object({
    public_cidr  = string
    private_cidr = string
  }))
  default = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }
  nullable = false
}
