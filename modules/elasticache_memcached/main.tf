resource "aws_elasticache_cluster" "this" {
  count = local.is_serverless ? 0 : 1

  cluster_id                   = var.name
  engine                       = "memcached"
  engine_version               = local.engine_version
  node_type                    = local.node_type
  num_cache_nodes              = length(var.nodes)
  az_mode                      = local.az_mode
  preferred_availability_zones = var.nodes
  port                         = local.port
  parameter_group_name         = aws_elasticache_parameter_group.this[0].name
  subnet_group_name            = aws_elasticache_subnet_group.this[0].name
  security_group_ids           = [aws_security_group.this.id]
  transit_encryption_enabled   = var.transit_encryption
  maintenance_window           = var.maintenance_window
  notification_topic_arn       = var.notification_topic_arn
  apply_immediately            = true
  tags                         = var.tags

  # AWS places new nodes in the zones at the end of preferred_availability_zones and never returns the list, so the postconditions
  # check the zones of the nodes. In a plan that changes the number of nodes, self has the nodes before the change.
  lifecycle {
    postcondition {
      condition = alltrue([for node in self.cache_nodes : contains(keys(var.subnets), node.availability_zone)])
      error_message = join(" ", [
        "subnets has the zones ${join(", ", keys(var.subnets))}, but ${var.name} has nodes in",
        "${join(", ", setsubtract(self.cache_nodes[*].availability_zone, keys(var.subnets)))}: the zones of all nodes must be in subnets.",
        "Remove the zone from nodes, apply, then remove it from subnets and apply again.",
      ])
    }

    postcondition {
      condition = length(var.nodes) > 1 || length(distinct(self.cache_nodes[*].availability_zone)) <= 1
      error_message = join(" ", [
        "nodes has one node, but the nodes of ${var.name} are in ${join(", ", self.cache_nodes[*].availability_zone)}:",
        "they must be in one zone, as AWS rejects single-az while nodes are in several zones, and cross-az for one node.",
        "To replace the cluster, which empties it, change node_type in the same apply, or plan with -replace for this resource.",
      ])
    }

    # AWS removes the nodes with the highest numbers, which may be in another order than nodes
    postcondition {
      condition = length(self.cache_nodes) <= length(var.nodes) || try(
        sort(slice(self.cache_nodes[*].availability_zone, 0, length(var.nodes))) == sort(var.nodes),
        false,
      )
      error_message = join(" ", [
        "nodes is ${join(", ", var.nodes)}, but ${var.name} has nodes in ${join(", ", self.cache_nodes[*].availability_zone)}",
        "and AWS removes the last ones: nodes must be",
        "${join(", ", try(slice(self.cache_nodes[*].availability_zone, 0, length(var.nodes)), []))}.",
      ])
    }

    postcondition {
      condition = (
        length(self.cache_nodes) != length(var.nodes) ||
        sort(self.cache_nodes[*].availability_zone) == sort(var.nodes)
      )
      error_message = join(" ", [
        "nodes is ${join(", ", var.nodes)}, but the nodes of ${var.name} are in ${join(", ", self.cache_nodes[*].availability_zone)}:",
        "the zones must be the same. AWS adds and removes nodes at the end of the list;",
        "append zones to nodes or remove the last ones, in separate applies.",
      ])
    }
  }
}

# After a change of the number of nodes the resource still has the nodes before the change.
# https://github.com/hashicorp/terraform-provider-aws/issues/39122
data "aws_elasticache_cluster" "this" {
  count = local.is_serverless ? 0 : 1

  cluster_id = aws_elasticache_cluster.this[0].cluster_id

  # read after the change, not in the plan
  depends_on = [aws_elasticache_cluster.this]
}

resource "aws_elasticache_subnet_group" "this" {
  count = local.is_serverless ? 0 : 1

  name        = coalesce(var.subnet_group_name, var.name)
  description = "Private subnets of ${var.name}"
  subnet_ids  = values(var.subnets)
  tags        = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
  count = local.is_serverless ? 0 : 1

  name        = "${var.name}-${replace(local.family, ".", "-")}"
  description = "Parameters of ${var.name}"
  family      = local.family
  tags        = var.tags

  dynamic "parameter" {
    for_each = var.parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  # the family is in the name, so that a group of another family exists before the cluster releases this one
  lifecycle {
    create_before_destroy = true
  }
}
