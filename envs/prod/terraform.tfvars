environment = "prod"
protected   = true
cidr_block  = "10.1.0.0/22"

zones = {
  a = { public_cidr = "10.1.0.0/26", private_cidr = "10.1.1.0/24" }
  b = { public_cidr = "10.1.0.64/26", private_cidr = "10.1.2.0/24" }
  c = { public_cidr = "10.1.0.128/26", private_cidr = "10.1.3.0/24" }
}

cache = {
  zones              = ["a", "b", "c"]
  node_type          = "cache.t4g.small"
  transit_encryption = true
  maintenance_window = "sun:05:00-sun:06:00"
}

alarms             = true
flow_logs          = { retention_days = 365, traffic_type = "ALL" }
gateway_endpoints  = ["s3", "dynamodb"]
log_retention_days = 365

# A TLS handshake must complete within the cache timeout of a call.
memory_size = 512

# The probes are test functions with internet access. Set to true while you run `verify`.
probes = false
