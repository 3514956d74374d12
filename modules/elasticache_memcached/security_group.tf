resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "Nodes of the memcached cluster ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-cache" })
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "memcached from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.is_serverless ? local.port + 1 : local.port # AWS requires both ports of a serverless cache
  referenced_security_group_id = each.value
  tags                         = merge(var.tags, { Name = "${var.name}-cache-from-${each.key}" })
}
