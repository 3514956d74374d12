"""What goes wrong for a reason that the user can mend."""

from __future__ import annotations


class VpcacheError(Exception):
    """One line for the user: it names the thing, the value and the remedy."""

    exit_status = 1


class InterruptedRunError(VpcacheError):
    """A signal ended a run between two resources; the state is whole."""

    exit_status = 130
