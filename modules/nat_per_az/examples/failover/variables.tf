variable "bundle" {
  description = "Zip file of a function that reports the source address of its requests: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name prefix for the resources of this example."
  type        = string
  nullable    = false
}

variable "targets" {
  description = "Addresses on the internet that accept connections on TCP port 443. Traffic to them does not fail over."
  type        = list(string)
  default     = ["1.1.1.1", "8.8.8.8", "9.9.9.9"]
  nullable    = false
}
