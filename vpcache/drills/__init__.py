"""Drills: a fault is injected into a stack under load and removed; what callers see is measured."""
