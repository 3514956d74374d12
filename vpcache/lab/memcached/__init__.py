"""Cache nodes: memcached processes and the configuration endpoint."""
