"""`python -m bench.reach`: measure the prover against the size of a VPC."""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from resource import RUSAGE_SELF, getrusage
from typing import TypeVar

from bench.result import Goal
from bench.sites import busy_site, with_acl
from vpcache.lab.topology import InterfaceKind, Topology
from vpcache.reach import report as reports
from vpcache.reach.findings.checks import findings
from vpcache.reach.matrix import matrix
from vpcache.reach.network import Network
from vpcache.reach.traffic import parse_target

SIZES = (100, 200, 400, 800)  # interfaces, with half as many security groups
ASKED = 400  # the size that the limits are for
ZONES, RULES, SEED = 6, 20, 19
FLOWS = 20

T = TypeVar("T")


@dataclass(frozen=True)
class Figures:
    """The figures of one size: times in s, memory in MB, of the process when it has the matrix.

    `flow` is the median for a flow between two interfaces. `findings_acl` is for the same VPC with a network
    ACL that drops answers.
    """

    interfaces: int
    pairs: int  # with traffic
    matrix: float
    memory: float
    flow: float
    findings: float
    findings_acl: float


def main() -> int:
    """Measure all sizes, print them and the goals; return exit status 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.reach", description=__doc__)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)  # in a process of this module
    size = parser.parse_args().size
    if size:
        print(json.dumps(asdict(measure(size))))
        return 0
    found = [measure_alone(each) for each in SIZES]
    achieved = goals(next(each for each in found if each.interfaces == ASKED))
    print("\n".join([*table(found), "", *map(str, achieved)]))
    return 0 if all(goal.is_met for goal in achieved) else 1


def measure_alone(size: int) -> Figures:
    """Return the figures of a size, measured in a new process, because Python does not release all memory."""
    command = [sys.executable, "-m", "bench.reach", "--size", str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(done.stdout))


def measure(size: int) -> Figures:
    """Measure a VPC with `size` interfaces."""
    topology = busy_site(ZONES, size, RULES, SEED)
    network = _network(topology)
    seconds, reached = _timed(lambda: matrix(network))
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    flow = _flow(network)
    without, _ = _timed(lambda: findings(network))
    restricted = _network(with_acl(topology))
    with_answers_dropped, _ = _timed(lambda: findings(restricted))
    return Figures(size, len(reached), seconds, memory, flow, without, with_answers_dropped)


def goals(asked: Figures) -> list[Goal]:
    """Return the goals for the size that is asked for."""
    size = f"{asked.interfaces} interfaces"
    return [
        Goal(f"matrix of {size}", asked.matrix, 5, " s"),
        Goal(f"memory with the matrix of {size}", asked.memory, 300, " MB"),
        Goal(f"one flow among {size}", asked.flow * 1e3, 50, " ms"),
    ]


def table(found: list[Figures]) -> Iterator[str]:
    """Yield the lines of the table of growth."""
    yield f"6 zones, {RULES} rules in each group, seed {SEED}, load average {os.getloadavg()[0]:.1f}"
    yield "interfaces   groups   reached pairs   matrix s   memory MB   flow ms   findings s   with an ACL s"
    for each in found:
        yield (
            f"{each.interfaces:10}{each.interfaces // 2:9}{each.pairs:16}{each.matrix:11.2f}"
            f"{each.memory:12.0f}{each.flow * 1e3:10.1f}{each.findings:13.2f}{each.findings_acl:16.2f}"
        )


def _network(topology: Topology) -> Network:
    interfaces = (each for vpc in topology.vpcs for each in vpc.interfaces)
    named = {each.id: (each.id,) for each in interfaces if each.kind is not InterfaceKind.NAT_GATEWAY}
    return Network(topology, named)


def _flow(network: Network) -> float:
    """Return the median time of an answer for a flow between two interfaces, each with a new prover."""
    names, choice = list(network.interfaces), random.Random(SEED)
    empty = reports.report(network, "bench")
    times = []
    for _ in range(FLOWS):
        source, target = choice.sample(names, 2)
        flow = parse_target(f"{target}:{choice.randint(1, 60000)}")
        times.append(_timed(partial(reports.with_flows, empty, network, source, flow))[0])
    return statistics.median(times)


def _timed(body: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = body()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    sys.exit(main())
