"""The end of a lab without leftovers, and several labs on one machine."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.client import Lab
from vpcache.testing.run import PytestRun

_SECONDS = 10.0


@pytest.fixture
def new_lab(tmp_path: Path, vpcache_run: PytestRun) -> Iterator[Callable[[], Lab]]:
    with ExitStack() as labs:

        def start() -> Lab:
            lab = labs.enter_context(vpcache_run.own_lab())
            lab.start(tmp_path / f"lab-{lab.port}.log")
            return lab

        yield start


def processes_in(pid_namespace: str) -> dict[int, str]:
    """Return the host's processes in a PID namespace, with their command lines."""
    processes = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended, or belongs to another user
            if folder.name.isdigit() and str((folder / "ns/pid").readlink()) == pid_namespace:
                processes[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return processes


def host_network() -> tuple[set[str], set[str]]:
    named = Path("/run/netns")
    links = {path.name for path in Path("/sys/class/net").iterdir()}
    return links, {path.name for path in named.iterdir()} if named.exists() else set()


@pytest.mark.parametrize("victim", ["first process", "server", "stop"])
def test_ended_lab_leaves_nothing(new_lab: Callable[[], Lab], victim: str) -> None:
    before = host_network()
    lab = new_lab()
    vpc_factory = VpcFactory(lab)
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(ZONES[0])
    vpc_factory.new_cluster()
    assert "answer" in vpc_factory.invoke(vpc_factory.new_function())
    first = lab.status().pid
    assert first
    namespace = str(Path(f"/proc/{first}/ns/pid").readlink())
    alive = processes_in(namespace)
    for command in ("vpcache.lab.daemon.server", "memcached", "bootstrap.py"):
        assert any(command in line for line in alive.values())
    if victim == "stop":
        lab.stop()
    else:
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        os.kill(first if victim == "first process" else int(children[0]), signal.SIGKILL)
    deadline = time.monotonic() + _SECONDS
    while processes_in(namespace) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_in(namespace) == {}
    assert not lab.status().running
    assert host_network() == before


def _moments(seconds: float) -> Iterator[None]:
    """Yield several times within some seconds."""
    for _ in range(10):
        yield
        time.sleep(seconds / 10)


def test_daemon_stats_show_open_connections(new_lab: Callable[[], Lab]) -> None:
    lab, connection_count = new_lab(), 30
    # the fewest of some: connections from the start of the lab may not be closed yet
    before = min((lab.daemon_stats() for _ in _moments(1.0)), key=lambda stats: stats.descriptors)
    with ExitStack() as connections:
        for _ in range(connection_count):
            connections.enter_context(socket.create_connection(("127.0.0.1", lab.port)))
        # after the connections, which send nothing
        during = max((lab.daemon_stats() for _ in _moments(1.0)), key=lambda stats: stats.descriptors)
    assert during.descriptors >= before.descriptors + connection_count
    assert during.threads > before.threads  # a thread waits for the first request of a connection
    assert 50 < before.memory_mb <= during.memory_mb + 1  # MiB: moto alone requires more than 50
    assert before.memory_mb < 120  # of a fresh lab: with all data of moto and botocore it would be 220


def test_two_labs_are_isolated(new_lab: Callable[[], Lab]) -> None:
    labs = [new_lab(), new_lab()]
    factories = [VpcFactory(lab) for lab in labs]
    addresses = []
    for factory in factories:
        factory.attach_internet_gateway()
        addresses.append(factory.new_nat_gateway(ZONES[0])[1])
    assert addresses[0] == addresses[1]  # each lab has its own internet
    functions = [factory.new_function("probe", ZONES[0]) for factory in factories]
    labs[0].fault("zone", ZONES[0])
    event = {"url": "http://198.51.100.20/", "timeout": 0.3}
    assert "answer" not in factories[0].invoke(functions[0], **event)
    assert factories[1].invoke(functions[1], **event)["answer"].strip() == addresses[1]
    assert len(factories[1].ec2.describe_vpcs()["Vpcs"]) == 1
    labs[0].stop()
    assert factories[1].invoke(functions[1], **event)["answer"].strip() == addresses[1]
    assert labs[1].differences() == []


def test_five_vpcs_with_the_same_cidr_are_isolated(own_lab: Lab) -> None:
    factories = [VpcFactory(own_lab) for _ in range(5)]
    functions = []
    for factory in factories:
        factory.attach_internet_gateway()
        egress = factory.new_nat_gateway(ZONES[0])[1]
        functions.append((factory, factory.new_function("probe", ZONES[0]), egress))
    gateway = (
        factories[2]
        .client("ec2")
        .describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [factories[2].vpc]}])["NatGateways"][0][
            "NatGatewayId"
        ]
    )
    with own_lab.faulted("nat_gateway", gateway):
        for factory, function, egress in functions:
            answer = factory.invoke(function, url="http://198.51.100.20/", timeout=0.3)
            expected = "silence" if factory is factories[2] else egress
            assert answer.get("answer", "silence").strip() == expected
    assert own_lab.differences() == []
