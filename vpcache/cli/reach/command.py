"""The command `reach`. The modules of its run are imported when it runs: other commands need none of them."""

from __future__ import annotations

from pathlib import Path

from vpcache.cli.console import user_errors
from vpcache.cli.reach.errors import InvalidInputError
from vpcache.cli.reach.options import ReachOptions
from vpcache.errors import VpcacheError


@user_errors
def reach(root: Path, options: ReachOptions) -> None:
    """Answer which packets can pass, and check the policy.

    Exits with 1 if the policy is violated, with 2 if the question or its input is invalid, and with 3 if the
    packets of --live contradict an answer.
    """
    from vpcache.cli.reach.run import run

    try:
        outcome = run(root, options)
    except VpcacheError as error:
        raise InvalidInputError(str(error)) from error
    outcome.check()
