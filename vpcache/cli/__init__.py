"""What the tasks do and print."""
