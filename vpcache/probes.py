"""Questions to a running stack, answered with evidence, by what works on any target: boto3 and outputs."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.functions import FunctionError, call, call_cached_api
from vpcache.stack.stack import Outputs
from vpcache.stack.target import Target

MAX_KEYS = 16  # with two nodes, all of 16 keys fall on one node once in 32768 runs

_EXAMPLES = {
    "cache_nodes": "module.elasticache_memcached.nodes",
    "cached_api": "module.cached_api.function_name",
    "egress_ips": "module.nat_per_az.egress_ips",
    "egress_probes": "{ for zone, probe in module.egress_probe : zone => probe.function_name }",
}
"""What the outputs that probes look for are in a stack of our modules."""


@dataclass(frozen=True, repr=False)
class Result:
    """The answer to one probe, true if it passed; `zone` is set if it asked about one."""

    name: str
    zone: str | None
    passed: bool
    evidence: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        where = f" of {self.zone}" if self.zone else ""
        return f"<{self.name}{where} {'passed' if self.passed else 'failed'}: {self.evidence}>"


class Probes:
    """The probes of one stack.

    Each takes what it asks about from an argument or else from the output of the root module that its
    docstring names. A probe that cannot ask because a function fails has failed, with that as evidence;
    one that does not know whom to ask raises VpcacheError, which says what to write. `on_result` is told of
    each result.
    """

    def __init__(
        self,
        target: Target,
        outputs: Outputs,
        on_result: Callable[[Result], None] = lambda _: None,
    ) -> None:
        self._target = target
        self._outputs = outputs
        self._on_result = on_result

    def egress(self, zone: str, *, function: str | None = None, address: str | None = None) -> Result:
        """Whether the internet sees a zone's function as the elastic IP of that zone's NAT gateway.

        The function answers `{}` with `{"address": "203.0.113.5"}`, as `EGRESS_PROBE` does. By default it is
        the zone's in the output `egress_probes`, and the address the zone's in `egress_ips`: maps by zone.
        """
        asked = function or self._of_zone("egress_probes", zone, "function")
        expected = address or self._of_zone("egress_ips", zone, "address")

        def answer() -> tuple[bool, str]:
            seen = self.invoke(asked, {}, "address")
            if seen == expected:
                return True, f"seen as {seen}, the elastic IP of this zone's NAT gateway"
            return False, f"seen as {seen}, but this zone's elastic IP is {expected}"

        return self.check("egress", zone, answer)

    def egress_addresses_differ(self, *, addresses: Mapping[str, str] | None = None) -> Result:
        """Whether each zone has an egress address of its own; by default by the output `egress_ips`."""
        known = addresses or self.output("egress_ips", "addresses")
        said = ", ".join(f"{zone} {address}" for zone, address in sorted(known.items()))
        are_different = len(set(known.values())) == len(known)
        return self.check("egress addresses differ", None, lambda: (are_different, said))

    def cache_hit(self, *, function: str | None = None) -> Result:
        """Whether the second of two calls of a `cached_api` is answered by the cache with the same body.

        The function is the output `cached_api` by default.
        """
        asked = function or self.output("cached_api", "function")

        def answer() -> tuple[bool, str]:
            first, second = (call_cached_api(self._target, asked) for _ in range(2))
            said = (
                f"first from the {first.source} in {first.function_ms:.1f} ms, "
                f"second from the {second.source} in {second.function_ms:.1f} ms, {len(second.body)} bytes"
            )
            is_whole = first.status == second.status == 200 and first.body == second.body
            return is_whole and second.source == "cache", said

        return self.check("cache hit", None, answer)

    def keys_on_every_node(
        self, *, function: str | None = None, nodes: Sequence[Mapping[str, Any]] | None = None
    ) -> Result:
        """Whether every node holds keys of a `cached_api`: asked for twice, each must come from one.

        By default the outputs `cached_api` and `cache_nodes`, a list of `id`, `address` and `port`.
        """
        asked = function or self.output("cached_api", "function")
        known = nodes or self.output("cache_nodes", "nodes")
        ids = {node["address"]: node["id"] for node in known}

        def answer() -> tuple[bool, str]:
            held = Counter(dict.fromkeys(ids, 0))
            for path in _paths():
                answers = [call_cached_api(self._target, asked, path) for _ in range(2)]
                if answers[1].source != "cache" or answers[1].node is None:
                    said = f"{path} was answered by the {answers[1].source} twice"
                    return False, f"{said} (status {answers[1].status})"
                held[answers[1].node] += 1
                if all(held.values()):
                    break
            said = ", ".join(f"{node_id} has {held[address]}" for address, node_id in ids.items())
            return all(held.values()), f"of {held.total()} keys node {said}"

        return self.check("keys on every node", None, answer)

    def cache_is_private(
        self,
        zone: str,
        *,
        function: str | None = None,
        nodes: Sequence[Mapping[str, Any]] | None = None,
    ) -> Result:
        """Whether a function of a private subnet without the cache's client group is kept out.

        The function answers `{"connect": "host:port"}` with `{"outcome": "timeout"}`, as `EGRESS_PROBE`
        does. By default it is the zone's in the output `egress_probes`, and the nodes are `cache_nodes`.
        """
        asked = function or self._of_zone("egress_probes", zone, "function")
        known = nodes or self.output("cache_nodes", "nodes")

        def outcome(node: Mapping[str, Any]) -> str:
            return str(self.invoke(asked, {"connect": f"{node['address']}:{node['port']}"}, "outcome"))

        def answer() -> tuple[bool, str]:
            with ThreadPoolExecutor(max_workers=len(known)) as pool:
                outcomes = list(pool.map(outcome, known))
            said = ", ".join(f"node {node['id']}: {how}" for node, how in zip(known, outcomes, strict=True))
            return set(outcomes) == {"timeout"}, f"without the client group, {said}"

        return self.check("cache is private", zone, answer)

    def check(self, name: str, zone: str | None, answer: Callable[[], tuple[bool, str]]) -> Result:
        """Return and report the result of a probe, of which `answer` returns success and evidence.

        The probe has failed, with the error as evidence, if `answer` raises FunctionError.
        """
        try:
            passed, evidence = answer()
        except FunctionError as error:
            passed, evidence = False, str(error)
        result = Result(name, zone, passed, evidence)
        self._on_result(result)
        return result

    def invoke(self, function: str, event: object, key: str) -> Any:
        """Return one member of a function's answer to an event. Raises FunctionError if there is none."""
        payload = call(self._target, function, event).payload
        if not isinstance(payload, dict) or key not in payload:
            raise FunctionError(f"function {function} answered {event} with {payload!r}, without {key!r}")
        return payload[key]

    def output(self, name: str, argument: str = "it") -> Any:
        """Return an output of the root module. Raises VpcacheError if there is none."""
        if name not in self._outputs:
            example = _EXAMPLES.get(name, "...")
            raise VpcacheError(
                f"the root module has no output '{name}': write "
                f'`output "{name}" {{ value = {example} }}`, or give the probe {argument}=...'
            )
        return self._outputs[name]

    def _of_zone(self, name: str, zone: str, argument: str) -> str:
        by_zone = self.output(name, argument)
        if zone not in by_zone:
            raise VpcacheError(f"output '{name}' has no zone '{zone}': it has {', '.join(sorted(by_zone))}")
        return str(by_zone[zone])


def custom_probes(root_module: Path) -> list[Callable[[Probes], Result]]:
    """Return the functions `probe_*` of the file probes.py beside a root module, in the order of the file.

    Each takes the stack's `Probes` and returns a `Result`. Raises VpcacheError if the file is not importable.
    """
    file = root_module / "probes.py"
    if not file.is_file():
        return []
    try:
        functions = runpy.run_path(str(file))
    except Exception as error:
        raise VpcacheError(f"cannot import {file}: {type(error).__name__}: {error}") from error
    return [value for name, value in functions.items() if name.startswith("probe_") and callable(value)]


def verify(target: Target, outputs: Outputs, root_module: Path | None = None) -> list[Result]:
    """Run all probes against a stack, several at once, and return their results in a fixed order.

    The probes of `root_module` (see `custom_probes`) come last.

    Egress and the cache's privacy are probed by each zone's egress probe, so not in a stack without these.
    """
    probes = Probes(target, outputs)
    custom = custom_probes(root_module) if root_module else []
    zones = outputs["zones"] if outputs["egress_probes"] else []
    asked: list[Callable[[], Result]] = [
        *(partial(probes.egress, zone) for zone in zones),
        probes.egress_addresses_differ,
        probes.cache_hit,
        probes.keys_on_every_node,
        *(partial(probes.cache_is_private, zone) for zone in zones),
        *(partial(each, probes) for each in custom),
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda probe: probe(), asked))


def _paths() -> Iterator[str]:
    return (f"/employee/{number}" for number in range(1, MAX_KEYS + 1))
