"""Findings: classic mistakes in a network, and in a change of it."""
