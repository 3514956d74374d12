"""The report of a test run, as one HTML page."""
