"""The monthly and per-use cost of a stack, from Terraform's JSON and a dated price list."""
