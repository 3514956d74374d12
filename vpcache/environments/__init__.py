"""New environments of a project: their addresses, their values and their files."""
