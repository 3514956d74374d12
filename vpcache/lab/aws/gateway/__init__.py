"""The way of a request: recognised, validated, answered, counted."""
