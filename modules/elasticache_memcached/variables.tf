variable "client_security_groups" {
  description = "Ids of the security groups whose members may reach the cluster, by a label of your choice."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.client_security_groups) : startswith(id, "sg-")])
    error_message = "client_security_groups has the values ${join(", ", values(var.client_security_groups))}: write ids of security groups, such as sg-0123456789abcdef0; ranges of addresses are not accepted."
  }
}

variable "engine_version" {
  description = "Full version of memcached."
  type        = string
  default     = "1.6.22"
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[0-9]+\\.[0-9]+$", var.engine_version))
    error_message = "engine_version is \"${var.engine_version}\": write a full version, such as \"1.6.22\"."
  }
}

variable "name" {
  description = "Id of the cluster, and the beginning of the names of its groups."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 50 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name is \"${var.name}\": write at most 50 lower-case letters, digits and single hyphens, a letter first and no hyphen last."
  }
}

variable "node_type" {
  description = "Type of each node."
  type        = string
  default     = "cache.t4g.small"
  nullable    = false

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type is \"${var.node_type}\": write a type of cache node, such as \"cache.t4g.small\"."
  }
}

variable "nodes" {
  description = "Number of nodes in each zone, by zone name; AWS adds nodes at the end and removes those made last."
  type        = map(number)
  nullable    = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "nodes is empty: write at least one zone with its number of nodes, such as { us-east-1a = 1 }."
  }

  validation {
    condition     = alltrue([for count in values(var.nodes) : count >= 1 && floor(count) == count])
    error_message = "nodes has the numbers ${join(", ", values(var.nodes))}: write whole numbers of 1 or more, and leave a zone without nodes out."
  }

  validation {
    condition     = length(setsubtract(keys(var.nodes), keys(var.subnets))) == 0
    error_message = "nodes has the zones ${join(", ", setsubtract(keys(var.nodes), keys(var.subnets)))}, which have no subnet: add them to subnets or write only zones out of ${join(", ", keys(var.subnets))}."
  }
}

variable "parameters" {
  description = "Parameters of memcached that differ from the engine's defaults, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "subnets" {
  description = "Ids of the subnets in which nodes may be placed, by zone name."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets is empty: write at least one zone with its subnet, such as { us-east-1a = \"subnet-0123456789abcdef0\" }."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC in which the subnets are."
  type        = string
  nullable    = false
}
