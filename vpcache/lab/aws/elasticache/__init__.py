"""ElastiCache for memcached."""
