output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name."
  value       = module.nat_per_az.egress_ips
}
