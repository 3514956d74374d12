"""Drills: something is taken away from a stack under load and given back; what callers see is measured."""
