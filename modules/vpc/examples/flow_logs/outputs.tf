output "zones" {
  description = "Subnets and private route table of each zone, the input of other modules."
  value       = module.vpc.zones
}
