"""The actions of the Lambda API: requests and responses."""
