output "flow_logs_role_name" {
  description = "Name of the role that writes the flow logs, null without them."
  value       = one(aws_iam_role.flow_logs[*].name)
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "zones" {
  description = "Subnets and private route table of each zone, by zone name; known once every subnet has its routes."
  value = { for zone in keys(var.zones) : zone => {
    public_subnet_id       = aws_subnet.public[zone].id
    private_subnet_id      = aws_subnet.private[zone].id
    private_route_table_id = aws_route_table.private[zone].id
  } }

  depends_on = [
    aws_route.internet,
    aws_route_table_association.private,
    aws_route_table_association.public,
  ]
}
