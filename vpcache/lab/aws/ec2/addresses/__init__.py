"""EC2's elastic IPs and IPv6 addresses."""
