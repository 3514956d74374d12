variable "bundle" {
  description = "Zip file of a function that connects to the cache: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name prefix for the resources of this example."
  type        = string
  nullable    = false
}
