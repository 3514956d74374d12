# All outputs wait for the routes: a resource that refers to one of them has egress in each zone.

output "allocation_ids" {
  description = "Allocation ID of the elastic IP of each zone's egress, by zone name; `null` with mode `none`."
  value       = { for zone, gateway in local.gateways : zone => try(gateway.allocation_id, null) }
  depends_on  = [aws_route.this]
}

output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name; the same one with mode `single`, `null` with mode `none`."
  value       = { for zone, gateway in local.gateways : zone => try(gateway.public_ip, null) }
  depends_on  = [aws_route.this]
}

output "nat_gateway_ids" {
  description = "ID of the NAT gateway that serves each zone, by zone name; the same one with mode `single`, `null` with mode `none`."
  value       = { for zone, gateway in local.gateways : zone => try(gateway.id, null) }
  depends_on  = [aws_route.this]
}

output "private_ips" {
  description = "Private IP address of the NAT gateway that serves each zone, by zone name; `null` with mode `none`."
  value       = { for zone, gateway in local.gateways : zone => try(gateway.private_ip, null) }
  depends_on  = [aws_route.this]
}
