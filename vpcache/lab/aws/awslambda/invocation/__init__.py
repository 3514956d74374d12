"""Invocations: synchronous and asynchronous, their retries, destinations and logs."""
