"""EC2's VPC part, with AWS's rules about addresses and dependencies."""
