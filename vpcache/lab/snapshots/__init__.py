"""Snapshots of a lab: its model and its own state in a file, and from a file."""
