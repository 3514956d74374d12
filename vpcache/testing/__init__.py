"""Testing an applied stack with pytest: the plugin, the test run, the report."""
