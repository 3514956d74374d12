"""The types of resources that a stack can have."""
