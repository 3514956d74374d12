environment = "prod"
protected   = true
cidr_block  = "10.1.0.0/22"

zones = {
  a = { public_cidr = "10.1.0.0/26", private_cidr = "10.1.1.0/24", isolated_cidr = "10.1.0.192/28" }
  b = { public_cidr = "10.1.0.64/26", private_cidr = "10.1.2.0/24", isolated_cidr = "10.1.0.208/28" }
  c = { public_cidr = "10.1.0.128/26", private_cidr = "10.1.3.0/24", isolated_cidr = "10.1.0.224/28" }
}

# One per zone: with mode "single" the loss of one zone takes the egress of all.
nat = { mode = "per_zone" }

cache = {
  zones              = ["a", "b", "c"]
  node_type          = "cache.t4g.small"
  transit_encryption = true
  maintenance_window = "sun:05:00-sun:06:00"

  # A prod that was applied with its cache in the private subnets keeps it with tier = "private".
  tier = "isolated"
}

# For requests that AWS credentials sign. The alias has the version that callers get.
front_door = { alias = "live", auth = "AWS_IAM" }

alarms = true

# Replace by alarm_emails = ["operations@..."], or by alarm_receivers with https_urls or topic_arn, before you apply to AWS.
alarm_receivers = { silenced = true }

flow_logs         = { retention_days = 365, traffic_type = "ALL" }
gateway_endpoints = ["s3", "dynamodb"]

# The functions call no service of AWS: Lambda itself sends their logs, and their metrics are in the logs.
interface_endpoints = null

log_retention_days = 365

# A TLS handshake must complete within the cache timeout of a call.
memory_size = 512

# The probes are test functions with internet access. Set to true while you run `verify`.
probes = false
