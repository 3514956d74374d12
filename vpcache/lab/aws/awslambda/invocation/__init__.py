"""Synchronous and asynchronous invocations, with retries, destinations and logs."""
