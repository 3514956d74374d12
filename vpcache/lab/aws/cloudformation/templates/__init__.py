"""Templates: their parts, their functions and the order of their resources."""
