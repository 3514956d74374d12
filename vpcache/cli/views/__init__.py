"""The commands that only read: answers of the cached API, log lines, the list of stacks."""
