"""Settings of functions: retries, destinations, and function URLs."""
