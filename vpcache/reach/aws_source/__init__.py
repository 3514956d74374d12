"""The network of a running stack, from describe operations of AWS's API."""
