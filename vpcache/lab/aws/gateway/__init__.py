"""The front end of AWS's API: recognizes, validates, dispatches and counts requests."""
