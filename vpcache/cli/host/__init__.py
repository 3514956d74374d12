"""What the commands do with this host for the lab: install its packages, stay in the foreground."""
