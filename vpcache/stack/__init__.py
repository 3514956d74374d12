"""Stacks: targets, state, journal, locks and leftovers."""
