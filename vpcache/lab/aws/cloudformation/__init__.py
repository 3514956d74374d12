"""CloudFormation: stacks whose resources are made by calls of AWS's API, as their user would make them."""
