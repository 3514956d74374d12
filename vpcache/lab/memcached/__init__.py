"""Cache nodes: memcached processes with their configuration endpoints."""
