"""The command that answers which packets can pass, in a running stack or after a plan."""
