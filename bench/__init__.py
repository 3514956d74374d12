"""Benchmarks of the cached read against a raw socket and the source scenario's handler."""
