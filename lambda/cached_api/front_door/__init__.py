"""HTTP for callers that come through a function URL, an HTTP API or a load balancer."""
