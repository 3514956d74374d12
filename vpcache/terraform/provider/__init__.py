"""The AWS provider: the builds that may be installed, and one process of it for several commands."""
