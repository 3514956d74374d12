"""Requests to HTTP APIs: routes, events, responses, limits and logs."""
