# All outputs wait for the routes: a resource that refers to one of them has egress in each zone.

output "allocation_ids" {
  description = "Allocation ID of each zone's elastic IP, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.allocation_id }
  depends_on  = [aws_route.this]
}

output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.public_ip }
  depends_on  = [aws_route.this]
}

output "nat_gateway_ids" {
  description = "ID of each zone's NAT gateway, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
  depends_on  = [aws_route.this]
}

output "private_ips" {
  description = "Private IP address of each zone's NAT gateway, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.private_ip }
  depends_on  = [aws_route.this]
}
