"""The lab's control plane: moto, and what moto lacks for stacks of this kind."""

ACCOUNT = "123456789012"
