"""The cached read, measured against the wire and against what the source scenario does."""
