"""EC2's VPCs beyond subnets and routes: their CIDR blocks, the default VPC, prefix lists, VPN gateways."""
