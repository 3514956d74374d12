"""The lab's AWS control plane: moto, with the behavior that VPC stacks need and moto lacks."""

ACCOUNT = "123456789012"
