"""What the Invoke tasks do, and what the user sees of it."""
