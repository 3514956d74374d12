"""Sends flows in a running lab, from the host: a process enters the lab and reports what it saw."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from vpcache.lab.errors import LabError
from vpcache.lab.network.nsenter import nsenter_command
from vpcache.lab.packets.attempts import Outcome
from vpcache.lab.packets.flows import LiveFlow, Seen, attempts_of, internet_addresses, seen
from vpcache.lab.topology import Topology

_END_TIMEOUT = 10.0  # seconds in which the process ends once its input has ended


def send(pid: int, topology: Topology, flows: Sequence[LiveFlow]) -> list[Seen]:
    """Send flows in the lab whose first process is `pid`, and return what became of each.

    `topology` is that of the lab, with its own interface IDs. Flows are sent together: those that are dropped
    cost one timeout, of about two seconds for every 150. Nothing remains in the lab, however this process
    ends. Raises LabError for a flow that cannot be sent, and if the lab cannot be entered.
    """
    attempts = [attempts_of(topology, flow) for flow in flows]
    request = {
        "hosts": sorted(map(str, internet_addresses(flows))),
        "attempts": [attempt.as_json() for each in attempts for attempt in each],
    }
    outcomes = iter(_outcomes(pid, request))
    return [seen([next(outcomes) for _ in each]) for each in attempts]


def _outcomes(pid: int, request: Any) -> list[Outcome]:
    status, output, errors = _run_inside(pid, f"{json.dumps(request)}\n".encode())
    if status or not output:
        problem = errors.strip().rpartition("\n")[2] or f"exit status {status}"
        raise LabError(f"cannot send packets in the lab, process {pid}: {problem}")
    return [Outcome.from_json(each) for each in json.loads(output)["outcomes"]]


def _run_inside(pid: int, request: bytes) -> tuple[int, str, str]:
    """Run the process inside the lab; return its exit status, its output and its errors.

    It ends at the end of its input: also if this process is interrupted or killed.
    """
    command = [*nsenter_command(pid), sys.executable, "-m", "vpcache.lab.packets.inside"]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt from the terminal reaches it as the end of its input only
        )
        try:
            theirs.close()
            with suppress(BrokenPipeError, ConnectionResetError):  # it has failed, and says why
                ours.sendall(request)
            output, errors = process.communicate()
        finally:
            ours.close()
            process.wait(_END_TIMEOUT)
    return process.returncode, output, errors
