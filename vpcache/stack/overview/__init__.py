"""The stacks of a target: what the state buckets and the journal record about them."""
