"""Terraform: installation, runner, process environment, progress, and its JSON formats."""
