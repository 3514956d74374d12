output "cidr_block" {
  description = "IPv4 CIDR block of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "default_security_group_id" {
  description = "ID of the VPC's default security group, which has no rules."
  value       = aws_default_security_group.this.id
}

output "flow_logs_log_group_arn" {
  description = "ARN of the log group of the flow logs; `null` if flow logs are disabled."
  value       = one(aws_cloudwatch_log_group.flow_logs[*].arn)
}

output "flow_logs_role_name" {
  description = "Name of the role that writes the flow logs; `null` if flow logs are disabled."
  value       = one(aws_iam_role.flow_logs[*].name)
}

output "gateway_endpoints" {
  description = "ID and prefix list ID of each gateway endpoint, by service."
  value = { for service, endpoint in aws_vpc_endpoint.gateway : service => {
    id             = endpoint.id
    prefix_list_id = endpoint.prefix_list_id
  } }
}

output "interface_endpoints" {
  description = "ID, DNS name and security group, which is the same one, of each interface endpoint, by service."
  value = { for service, endpoint in aws_vpc_endpoint.interface : service => {
    id                = endpoint.id
    dns_name          = try(endpoint.dns_entry[0].dns_name, null)
    security_group_id = aws_security_group.endpoints[0].id
  } }

  depends_on = [aws_vpc_security_group_ingress_rule.endpoints]
}

output "internet_gateway_id" {
  description = "ID of the internet gateway."
  value       = aws_internet_gateway.this.id
}

output "ipv6_cidr_block" {
  description = "IPv6 CIDR block of the VPC; `null` without IPv6."
  value       = local.has_ipv6 ? aws_vpc.this.ipv6_cidr_block : null
}

output "public_route_table_id" {
  description = "ID of the route table of the public subnets."
  value       = aws_route_table.public.id
}

output "tiers" {
  description = "Subnets of each tier by the keys of `zones`, by tier: `public`, `private`, `isolated` and those of `tiers`. The value is known once every subnet has its routes."
  value = { for tier in distinct(local.subnets[*].tier) : tier => { for subnet in local.subnets : subnet.zone => {
    subnet_id         = local.deployed_subnets[subnet.key].id
    subnet_arn        = local.deployed_subnets[subnet.key].arn
    availability_zone = local.deployed_subnets[subnet.key].availability_zone
    ipv6_cidr_block   = local.ipv6_cidrs[subnet.key]
  } if subnet.tier == tier } }

  depends_on = [aws_network_acl.this, aws_route.internet, aws_route.ipv6, aws_route_table_association.isolated,
  aws_route_table_association.private, aws_route_table_association.public, aws_route_table_association.tier]
}

output "vpc_arn" {
  description = "ARN of the VPC."
  value       = aws_vpc.this.arn
}

output "vpc_id" {
  description = "ID of the VPC."
  value       = aws_vpc.this.id
}

output "zones" {
  description = "Subnets and private route table of each zone, by the keys of `zones`; without an isolated subnet its values are `null`. The value is known once every subnet has its routes."
  value = { for zone in keys(var.zones) : zone => {
    public_subnet_id       = aws_subnet.public[zone].id
    public_subnet_arn      = aws_subnet.public[zone].arn
    private_subnet_id      = aws_subnet.private[zone].id
    private_subnet_arn     = aws_subnet.private[zone].arn
    private_route_table_id = aws_route_table.private[zone].id
    isolated_subnet_id     = try(aws_subnet.isolated[zone].id, null)
    isolated_subnet_arn    = try(aws_subnet.isolated[zone].arn, null)
  } }

  depends_on = [
    aws_network_acl.this,
    aws_route.internet,
    aws_route.ipv6,
    aws_route_table_association.isolated,
    aws_route_table_association.private,
    aws_route_table_association.public,
  ]
}
