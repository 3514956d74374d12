"""Networks from the states and plans of Terraform. Pure."""
