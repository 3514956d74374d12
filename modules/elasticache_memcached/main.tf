locals {
  family = "memcached${join(".", slice(split(".", var.engine_version), 0, 2))}"
}

resource "aws_elasticache_cluster" "this" {
  cluster_id                   = var.name
  engine                       = "memcached"
  engine_version               = var.engine_version
  node_type                    = var.node_type
  num_cache_nodes              = length(var.nodes)
  az_mode                      = length(distinct(var.nodes)) > 1 ? "cross-az" : "single-az"
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

  # AWS takes the zones of a new node from the end of the list and never tells them back: look where they are;
  # while the number changes, the plan still shows the nodes of before
  lifecycle {
    postcondition {
      condition     = length(self.cache_nodes) != length(var.nodes) || join(",", sort(self.cache_nodes[*].availability_zone)) == join(",", sort(var.nodes))
      error_message = "The nodes of ${var.name} are in ${join(", ", self.cache_nodes[*].availability_zone)}, not in ${join(", ", var.nodes)}: AWS adds nodes at the end of the list and removes from its end; append zones to nodes or remove its last ones, in steps."
    }
  }
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
