"""Layers: their versions and policies, and which of them a function uses."""
