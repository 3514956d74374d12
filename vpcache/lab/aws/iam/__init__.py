"""IAM and STS: trust policies, roles that are linked to a service, and temporary credentials."""
