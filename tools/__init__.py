"""This repository's own checks, which are not part of the wheel."""
