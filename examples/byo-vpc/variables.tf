# The names of the existing VPC's inputs are those of the outputs of terraform-aws-modules/vpc.

variable "azs" {
  description = "Availability zones of the VPC."
  type        = list(string)
  nullable    = false
}

variable "bundle" {
  description = "Zip file of the functions: path and base64 SHA-256."
  type        = object({ path = string, sha256 = string })
  nullable    = false
}

variable "name" {
  description = "Name prefix for the resources of this example."
  type        = string
  nullable    = false
}

variable "private_route_table_ids" {
  description = "IDs of the private route tables, one for each zone, in the order of azs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.private_route_table_ids) == length(var.azs)
    error_message = "private_route_table_ids has ${length(var.private_route_table_ids)} IDs: it must have one for each of ${join(", ", var.azs)}."
  }
}

variable "private_subnets" {
  description = "IDs of the private subnets, one for each zone, in the order of azs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.private_subnets) == length(var.azs)
    error_message = "private_subnets has ${length(var.private_subnets)} IDs: it must have one for each of ${join(", ", var.azs)}."
  }
}

variable "public_subnets" {
  description = "IDs of the public subnets, one for each zone, in the order of azs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.public_subnets) == length(var.azs)
    error_message = "public_subnets has ${length(var.public_subnets)} IDs: it must have one for each of ${join(", ", var.azs)}."
  }
}

variable "vpc_id" {
  description = "ID of the VPC."
  type        = string
  nullable    = false
}
