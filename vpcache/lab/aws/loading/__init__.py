"""What moto and botocore read from their data files: less than they would, and later."""
