"""The flows of a report, sent in the running lab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vpcache.cli.console import step
from vpcache.cli.lab import running_lab
from vpcache.cli.reach.sources import Subject
from vpcache.lab.errors import LabNotRunningError
from vpcache.lab.packets.flows import LiveFlow
from vpcache.lab.packets.sending import send
from vpcache.lab.prover.ends import Attached, Internet
from vpcache.reach.answers import Answer, Verdict
from vpcache.reach.live import Agreement, agreement


def sent(asked: Subject, proven: Sequence[Answer]) -> Agreement:
    """Send the flows of answers in the running lab, and return both verdicts of each.

    Raises VpcacheError if the flows cannot be sent.
    """
    lab = running_lab(enters=True)
    pid = lab.status().pid
    if pid is None:
        raise LabNotRunningError(f"the lab at {lab.endpoint} has ended")
    with step("packets"):
        return agreement(proven, send(pid, asked.network.topology, [_flow(each) for each in proven]))


def _flow(answer: Answer) -> LiveFlow:
    """Return the flow of an answer. The internet connects to the public address of an interface, if any."""
    source, target = answer.ends
    if isinstance(source, Internet) and isinstance(target, Attached) and target.public_address:
        target = replace(target, by_public_address=True)
    return LiveFlow(source, target, answer.flow, answer.verdict is Verdict.PASSES)
