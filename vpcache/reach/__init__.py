"""Reachability: the flows that pass in networks of Terraform's plans and states, or of running stacks."""
