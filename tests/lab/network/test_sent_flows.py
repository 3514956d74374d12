"""Packets that are sent in a running lab by a process that is killed while it waits for answers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from vpcache.lab.client import Lab

_SENDER = """
import sys
from ipaddress import IPv4Address
from vpcache.lab.packets.flows import LiveFlow
from vpcache.lab.packets.sending import send
from vpcache.lab.prover.ends import Internet, Unused
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import Topology

host, nowhere = Internet(IPv4Address("192.0.2.1")), Unused("vpc-1", IPv4Address("192.0.2.2"))
send(int(sys.argv[1]), Topology(), [LiveFlow(host, nowhere, Flow("tcp", 80), is_expected=True)])
"""
_UNANSWERED = 10.0  # seconds for which an expected answer is awaited


def test_killed_sender_leaves_nothing_in_the_lab(own_lab: Lab) -> None:
    sender = subprocess.Popen([sys.executable, "-c", _SENDER, str(own_lab.status().pid)])
    try:
        added = "ip entries of internet: address 192.0.2.1/32 dev lo is unexpected"
        _wait_until(lambda: own_lab.differences() == [added])
    finally:
        sender.kill()
        sender.wait()
    killed = time.monotonic()
    _wait_until(lambda: own_lab.differences() == [])
    assert time.monotonic() - killed < _UNANSWERED / 2


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _UNANSWERED
    while not condition():
        assert time.monotonic() < deadline
