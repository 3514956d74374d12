"""Deployment packages of functions and layers."""
