"""Measurements of the lab: networks, packets, API, functions, and the start and memory of the daemon."""
