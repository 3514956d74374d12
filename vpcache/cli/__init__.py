"""The commands behind the tasks, and their output."""
