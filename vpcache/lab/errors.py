"""The root of the lab's exceptions."""

from __future__ import annotations

from vpcache.errors import VpcacheError


class LabError(VpcacheError):
    """An error of the lab that the user can fix."""


class LabNotRunningError(LabError):
    """No lab listens on the port."""
