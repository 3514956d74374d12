variable "name" {
  description = "Name prefix for the resources of this example."
  type        = string
  nullable    = false
}
