"""What a call to AWS's API needs to be authorized for: actions, resources and condition keys. Pure."""
