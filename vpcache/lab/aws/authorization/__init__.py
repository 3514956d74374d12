"""Who may do what in the lab: principals, the actions and resources of calls, and refusals."""
