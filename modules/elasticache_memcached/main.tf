locals {
  family = "memcached${join(".", slice(split(".", var.engine_version), 0, 2))}"

  # AWS refuses single-az while nodes are in several zones, and the provider cross-az with one node; null keeps
  # the mode of a standing cluster, and a new one with all nodes in one zone becomes single-az
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html
  az_mode = length(distinct(var.nodes)) > 1 ? "cross-az" : length(var.nodes) > 1 ? null : "single-az"
}

resource "aws_elasticache_cluster" "this" {
  cluster_id                   = var.name
  engine                       = "memcached"
  engine_version               = var.engine_version
  node_type                    = var.node_type
  num_cache_nodes              = length(var.nodes)
  az_mode                      = local.az_mode
  preferred_availability_zones = var.nodes
  port                         = local.port
  parameter_group_name         = aws_elasticache_parameter_group.this.name
  subnet_group_name            = aws_elasticache_subnet_group.this.name
  security_group_ids           = [aws_security_group.this.id]
  transit_encryption_enabled   = var.transit_encryption
  maintenance_window           = var.maintenance_window
  notification_topic_arn       = var.notification_topic_arn
  apply_immediately            = true
  tags                         = var.tags

  # AWS takes the zones of new nodes from the end of the list and never returns the list: look where they are;
  # in a plan that changes their number self still has the nodes of before
  lifecycle {
    postcondition {
      condition     = alltrue([for node in self.cache_nodes : contains(keys(var.subnets), node.availability_zone)])
      error_message = "${join(", ", setsubtract(self.cache_nodes[*].availability_zone, keys(var.subnets)))} still has nodes of ${var.name}, so its subnet cannot leave the subnet group: remove the zone from nodes, apply, then remove it from subnets and apply again."
    }

    postcondition {
      condition     = length(var.nodes) > 1 || length(distinct(self.cache_nodes[*].availability_zone)) <= 1
      error_message = "The nodes of ${var.name} are in ${join(", ", self.cache_nodes[*].availability_zone)}, and AWS makes no cluster of one node of them: it refuses single-az while nodes are in several zones, and cross-az for one node. Let the cluster be replaced, which empties it: change node_type in the same apply, or plan with -replace for this resource."
    }

    # AWS removes the nodes with the highest numbers, and need not have numbered them in the order of the list
    postcondition {
      condition     = length(self.cache_nodes) <= length(var.nodes) || join(",", sort(slice(self.cache_nodes[*].availability_zone, 0, min(length(var.nodes), length(self.cache_nodes))))) == join(",", sort(var.nodes))
      error_message = "Removing nodes of ${var.name}, which are in ${join(", ", self.cache_nodes[*].availability_zone)}, leaves those in ${join(", ", slice(self.cache_nodes[*].availability_zone, 0, min(length(var.nodes), length(self.cache_nodes))))}, as AWS removes the last: nodes must be these zones, not ${join(", ", var.nodes)}."
    }

    postcondition {
      condition     = length(self.cache_nodes) != length(var.nodes) || join(",", sort(self.cache_nodes[*].availability_zone)) == join(",", sort(var.nodes))
      error_message = "The nodes of ${var.name} are in ${join(", ", self.cache_nodes[*].availability_zone)}, not in ${join(", ", var.nodes)}: AWS adds nodes at the end of the list and removes from its end; append zones to nodes or remove its last ones, in steps."
    }
  }
}

# after a change of their number the resource itself still has the nodes of before
# https://github.com/hashicorp/terraform-provider-aws/issues/39122
data "aws_elasticache_cluster" "this" {
  cluster_id = aws_elasticache_cluster.this.cluster_id

  # reads it after the change, not in the plan
  depends_on = [aws_elasticache_cluster.this]
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of ${var.name}"
  subnet_ids  = values(var.subnets)
  tags        = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
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

  # the family is in the name: a group of another family stands before the cluster lets go of this one
  lifecycle {
    create_before_destroy = true
  }
}
