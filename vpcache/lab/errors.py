"""The root of the lab's exceptions."""

from __future__ import annotations

from vpcache.errors import VpcacheError
from vpcache.program import program


class LabError(VpcacheError):
    """An error of the lab that the user can fix."""


class LabNotRunningError(LabError):
    """No lab listens on the port."""


class LabEndedError(LabError):
    """The lab at an endpoint ended during a command, and the stacks on it ended with it."""

    def __init__(self, endpoint: str) -> None:
        log = f".vpcache/lab-{endpoint.rpartition(':')[2]}.log"
        super().__init__(
            f"the lab at {endpoint} ended during the command, and the stacks on it with it: see {log} for "
            f"the reason; the next `{program()} apply` starts a new lab"
        )
