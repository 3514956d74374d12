environment = "dev"
cidr_block  = "10.0.0.0/24"

zones = {
  a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
  b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
}

# For one NAT gateway, 59.86 instead of 96.36 USD a month: { mode = "single", single_zone = "a" }. Its zone then has the egress of all.
nat = { mode = "per_zone" }

cache = {
  zones              = ["a", "b"]
  node_type          = "cache.t4g.micro"
  transit_encryption = false
}

# For requests that AWS credentials sign; auth = "NONE" would admit the internet.
front_door = { auth = "AWS_IAM" }

# low cost: only what development needs
alarms             = false
flow_logs          = null
gateway_endpoints  = []
log_retention_days = 14

memory_size = 256
probes      = true
