"""What the fixture `reach` gives tests: which packets can pass in the stack's VPC, and its policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.lab.prover.traffic import Flow
from vpcache.reach.answers import Answer, Verdict, answers
from vpcache.reach.ends import Places
from vpcache.reach.network import Network
from vpcache.reach.policy_file import POLICY, read_policy
from vpcache.reach.rendering.text import lines, policy_lines
from vpcache.reach.report import policy_result, report


@dataclass(frozen=True)
class Reachability:
    """The answer to `can`: true if all flows pass, false if none does. Its text has the hops of the flows."""

    found: tuple[Answer, ...]
    text: str

    def __bool__(self) -> bool:
        """Raise VpcacheError if only some of the flows pass, or if one cannot be decided."""
        verdicts = {answer.verdict for answer in self.found}
        if verdicts in ({Verdict.PASSES}, {Verdict.BLOCKED}):
            return verdicts == {Verdict.PASSES}
        raise VpcacheError(f"neither all flows pass nor none:\n{self.text}")

    def __repr__(self) -> str:
        return self.text


class StackReach:
    """Which packets can pass in the VPCs of a stack, read through AWS's API at the first question."""

    def __init__(self, read: Callable[[], Network], root_module: Path) -> None:
        self._read = read
        self._root_module = root_module

    def can(self, source: str, target: str, port: int | None = None, protocol: str = "tcp") -> Reachability:
        """Return whether flows pass: `assert reach.can("cached-api", "cache", 11211)`.

        The ends are named as in the task `reach`. Without a port, `protocol` is icmp or icmpv6. A failed
        assertion shows the hops of each flow. Raises VpcacheError for an end that the network does not have.
        """
        places = Places(self._network)
        flow = Flow(protocol, port)
        if (port is None) is (protocol in ("tcp", "udp")):
            raise VpcacheError(f"{protocol} with port {port}: tcp and udp have a port, icmp and icmpv6 none")
        found = tuple(answers(self._network, places.named(source), places.named(target), flow))
        if not found:
            raise VpcacheError(f"{source} or {target} has no network interface")
        asked = report(self._network, f"{source} -> {target}", answers=found)
        return Reachability(found, "\n".join(lines(asked)))

    def policy(self, file: str | Path = "") -> None:
        """Check the policy in a file, by default `reach.policy` beside the root module.

        Raises AssertionError with each violation and its path, and VpcacheError if the policy cannot be read.
        """
        policy = read_policy(Path(file) if file else self._root_module / POLICY)
        checked = policy_result(self._network, policy)
        if checked.violations:
            raise AssertionError("\n".join(policy_lines(report(self._network, policy.file), checked)))

    @cached_property
    def _network(self) -> Network:
        return self._read()
