"""The logs of a stack's functions and HTTP APIs, in CloudWatch Logs."""
