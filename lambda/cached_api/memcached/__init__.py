"""A client for an ElastiCache cluster for memcached: discovery, key placement, connections and leases."""
