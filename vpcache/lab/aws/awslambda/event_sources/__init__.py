"""Event sources: mappings of queues to functions, filters, and the poller."""
