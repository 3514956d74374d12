"""Functions: the runtime API, the sandbox, the launcher."""
