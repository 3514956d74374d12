"""S3: moto's buckets with AWS's rules for versions, conditional requests, customer keys and defaults."""
