# The entries are inside the resource: the ACL has them before its subnets, and Terraform removes entries of others.
resource "aws_network_acl" "this" {
  for_each = var.network_acls

  vpc_id     = aws_vpc.this.id
  subnet_ids = [for subnet in local.subnets : local.deployed_subnets[subnet.key].id if subnet.tier == each.key]
  ingress    = [for rule in local.acl_rules[each.key] : rule.entry if !rule.egress]
  egress     = [for rule in local.acl_rules[each.key] : rule.entry if rule.egress]
  tags       = merge(var.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    precondition {
      condition     = contains(local.subnets[*].tier, each.key)
      error_message = "network_acls has ${each.key}: it must be a tier with a subnet, such as ${join(", ", distinct(local.subnets[*].tier))}."
    }
  }
}
