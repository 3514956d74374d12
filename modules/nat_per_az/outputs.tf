# both wait for the routes: whoever takes a value from here has a way out of each zone

output "egress_ips" {
  description = "Public address that the internet sees each zone's private subnet come from, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.public_ip }
  depends_on  = [aws_route.this]
}

output "nat_gateway_ids" {
  description = "Id of each zone's NAT gateway, by zone name."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
  depends_on  = [aws_route.this]
}
