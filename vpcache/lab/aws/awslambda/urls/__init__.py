"""Function URLs: configuration, requests and responses."""
