"""Stacks: where they are applied, their state, their journal, and what remains of them."""
