"""References between the resources of a plan, whose IDs are known after the apply only. Pure."""
