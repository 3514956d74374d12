"""The root of all exceptions that the package raises for its users."""

from __future__ import annotations


class VpcacheError(Exception):
    """An error that the user can fix: one line that names the thing, the value and the remedy."""

    exit_status = 1


class InterruptedRunError(VpcacheError):
    """A signal ended a run between two resources; the state is complete."""

    exit_status = 130
