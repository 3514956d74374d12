"""Lambda, with functions in a VPC and a runner instead of Docker."""
