"""Python functions: interpreters of this machine, and the files of their processes."""
