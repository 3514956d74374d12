"""What goes wrong with the lab for a reason that the user can mend."""

from __future__ import annotations


class LabError(Exception):
    """One line for the user: it names the thing, the value and the remedy."""
