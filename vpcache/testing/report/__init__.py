"""What a test run did, as one page."""
