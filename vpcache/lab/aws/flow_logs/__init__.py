"""Flow logs: delivery of their records to CloudWatch Logs and S3."""
