resource "aws_security_group" "this" {
  name        = var.name
  description = "Network interfaces of the function ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })

  # AWS retains the network interfaces for up to 45 minutes after the function is deleted
  timeouts {
    delete = "60m"
  }

  # AWS deletes the network interfaces with the role's permissions, so Terraform deletes the policy after this group
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.egress_rules

  security_group_id            = aws_security_group.this.id
  description                  = each.key
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.cidr_ipv4
  cidr_ipv6                    = each.value.cidr_ipv6
  referenced_security_group_id = each.value.security_group_id
  tags                         = merge(var.tags, { Name = "${var.name}-to-${each.key}" })
}
