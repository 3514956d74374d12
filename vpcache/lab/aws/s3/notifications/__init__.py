"""Notifications of buckets: configuration, events and delivery."""
