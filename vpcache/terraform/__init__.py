"""Terraform: the runner, its environment, its progress, and what its JSON says."""
