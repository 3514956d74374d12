"""EC2's VPC resources, with AWS's rules for addresses and dependencies."""
