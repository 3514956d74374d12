locals {
  family = "memcached${join(".", slice(split(".", var.engine_version), 0, 2))}"

  # round by round over the zones, so that a zone or a round more goes to the end: AWS numbers nodes in this
  # order, adds at the end and removes from the end
  placement = flatten([
    for round in range(max(0, values(var.nodes)...)) : [for zone, count in var.nodes : zone if count > round]
  ])
}

resource "aws_elasticache_cluster" "this" {
  cluster_id                   = var.name
  engine                       = "memcached"
  engine_version               = var.engine_version
  node_type                    = var.node_type
  num_cache_nodes              = length(local.placement)
  az_mode                      = length(var.nodes) > 1 ? "cross-az" : "single-az"
  preferred_availability_zones = local.placement
  port                         = local.port
  parameter_group_name         = aws_elasticache_parameter_group.this.name
  subnet_group_name            = aws_elasticache_subnet_group.this.name
  security_group_ids           = [aws_security_group.this.id]
  apply_immediately            = true
  tags                         = var.tags
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
