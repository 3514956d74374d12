"""Probes of a running stack, which return evidence. They need only boto3 and outputs, on every target."""

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
from vpcache.front_door import FrontDoor
from vpcache.functions import FunctionError, call, call_cached_api
from vpcache.stack.stack import Outputs
from vpcache.stack.target import Target

MAX_KEYS = 16  # with two nodes, all of 16 keys fall on one node once in 32768 runs

_PATH = "/employees"  # of the stack's own origin

_EXAMPLES = {
    "cache_nodes": "module.elasticache_memcached.nodes",
    "cached_api": "module.cached_api.function_name",
    "cached_api_url": "module.cached_api.function_url",
    "egress_ips": "module.nat_per_az.egress_ips",
    "egress_probes": "{ for zone, probe in module.egress_probe : zone => probe.function_name }",
}
"""The values of the outputs that probes need, in a stack of this project's modules."""


@dataclass(frozen=True, repr=False)
class Result:
    """The result of a probe, which is true if the probe passed. `zone` is set for a probe of one zone."""

    name: str
    zone: str | None
    passed: bool
    evidence: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        zone = f" of {self.zone}" if self.zone else ""
        return f"<{self.name}{zone} {'passed' if self.passed else 'failed'}: {self.evidence}>"


class Probes:
    """The probes of one stack.

    Each probe takes its inputs from arguments, or from the outputs of the root module that its docstring
    names. If a function fails, the probe fails with the error as evidence. If an input is missing, the probe
    raises VpcacheError with the output to add. `on_result` receives each result.
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
        """Probe whether a zone's function has the elastic IP of the zone's NAT gateway on the internet.

        The function returns `{"address": "203.0.113.5"}` for the event `{}`, as `EGRESS_PROBE` does. The
        defaults are the zone's values in the outputs `egress_probes` and `egress_ips`, which are maps by
        zone.
        """
        name = function or self._of_zone("egress_probes", zone, "function")
        expected = address or self._of_zone("egress_ips", zone, "address")
        gateway_zone = self._gateway_zones().get(zone, zone)
        gateway = "this zone's NAT gateway" if gateway_zone == zone else f"the NAT gateway of {gateway_zone}"

        def probe() -> tuple[bool, str]:
            observed = self.invoke(name, {}, "address")
            if observed == expected:
                return True, f"source address {observed}, the elastic IP of {gateway}"
            return False, f"source address {observed}, but this zone's elastic IP is {expected}"

        return self.check("egress", zone, probe)

    def egress_addresses_differ(self, *, addresses: Mapping[str, str] | None = None) -> Result:
        """Probe whether the egress addresses of all zones differ. The default is the output `egress_ips`."""
        by_zone = addresses or self.output("egress_ips", "addresses")
        evidence = ", ".join(f"{zone} {address}" for zone, address in sorted(by_zone.items()))
        is_different = len(set(by_zone.values())) == len(by_zone)
        return self.check("egress addresses differ", None, lambda: (is_different, evidence))

    def egress_address_is_shared(self) -> Result:
        """Probe whether all zones have the egress address of one NAT gateway.

        The outputs are `egress_ips`, and `nat_gateway_zones`, the zone of each zone's NAT gateway.
        """
        by_zone, zones = self.output("egress_ips"), self.output("nat_gateway_zones")
        addresses, gateways = (sorted(set(values.values())) for values in (by_zone, zones))
        is_shared = len(addresses) == len(gateways) == 1
        evidence = (
            f"{', '.join(addresses)} for {', '.join(sorted(by_zone))}: the loss of {', '.join(gateways)} "
            "would take the egress of all zones"
        )
        return self.check("egress address is shared", None, lambda: (is_shared, evidence))

    def cache_hit(self, *, function: str | None = None, path: str = _PATH) -> Result:
        """Probe whether the second of two calls of a `cached_api` is a cache hit with the same body.

        The origin must answer `path` with status 200. The default of `function` is the output `cached_api`.
        """
        name = function or self.output("cached_api", "function")

        def probe() -> tuple[bool, str]:
            first, second = (call_cached_api(self._target, name, path) for _ in range(2))
            if first.status != 200:
                return False, f"status {first.status} for {path}"
            evidence = (
                f"first from the {first.source} in {first.function_ms:.1f} ms, "
                f"second from the {second.source} in {second.function_ms:.1f} ms, {len(second.body)} bytes"
            )
            is_equal = second.status == 200 and first.body == second.body
            return is_equal and second.source == "cache", evidence

        return self.check("cache hit", None, probe)

    def front_door(self, *, url: str | None = None, path: str = _PATH) -> Result:
        """Probe whether the cache answers the second of two signed requests of a `cached_api`'s URL.

        The evidence has the status of a request without a signature: 403 with `AWS_IAM`. The origin must
        answer `path` with status 200. The default of `url` is the output `cached_api_url`.
        """
        door = FrontDoor(self._target, url or self.output("cached_api_url", "url"))

        def probe() -> tuple[bool, str]:
            unsigned = door.get(path, is_signed=False).status
            states = []
            for _ in range(2):
                answer = door.get(path)
                if answer.status != 200:
                    return False, f"status {answer.status} for a signed request of {door.url}, {path}"
                states.append(answer.headers.get("x-cache", "no x-cache"))
            evidence = f"signed: {', then '.join(states)}; unsigned: status {unsigned}"
            return states[-1] in ("HIT", "STALE"), evidence

        return self.check("front door", None, probe)

    def keys_on_every_node(
        self, *, function: str | None = None, nodes: Sequence[Mapping[str, Any]] | None = None
    ) -> Result:
        """Probe whether every node stores keys of a `cached_api`.

        The second call of a path must be a cache hit. The defaults are the outputs `cached_api` and
        `cache_nodes`, a list of `id`, `address` and `port`.
        """
        name = function or self.output("cached_api", "function")
        cache_nodes = nodes or self.output("cache_nodes", "nodes")
        ids = {node["address"]: node["id"] for node in cache_nodes}

        def probe() -> tuple[bool, str]:
            counts = Counter(dict.fromkeys(ids, 0))
            for path in _paths():
                _, second = (call_cached_api(self._target, name, path) for _ in range(2))
                if second.source != "cache" or second.node is None:
                    return False, f"{path} came from the {second.source} twice (status {second.status})"
                counts[second.node] += 1
                if all(counts.values()):
                    break
            evidence = ", ".join(f"{node_id} has {counts[address]}" for address, node_id in ids.items())
            return all(counts.values()), f"of {counts.total()} keys node {evidence}"

        return self.check("keys on every node", None, probe)

    def cache_is_private(
        self,
        zone: str,
        *,
        function: str | None = None,
        nodes: Sequence[Mapping[str, Any]] | None = None,
    ) -> Result:
        """Probe whether the cache rejects a function in a private subnet without the cache's client group.

        The function returns `{"outcome": "timeout"}` for the event `{"connect": "host:port"}`, as
        `EGRESS_PROBE` does. The defaults are the zone's function in the output `egress_probes`, and
        `cache_nodes`.
        """
        name = function or self._of_zone("egress_probes", zone, "function")
        cache_nodes = nodes or self.output("cache_nodes", "nodes")

        def outcome(node: Mapping[str, Any]) -> str:
            return str(self.invoke(name, {"connect": f"{node['address']}:{node['port']}"}, "outcome"))

        def probe() -> tuple[bool, str]:
            with ThreadPoolExecutor(max_workers=len(cache_nodes)) as pool:
                outcomes = list(pool.map(outcome, cache_nodes))
            pairs = zip(cache_nodes, outcomes, strict=True)
            evidence = ", ".join(f"node {node['id']}: {result}" for node, result in pairs)
            return set(outcomes) == {"timeout"}, f"without the client group, {evidence}"

        return self.check("cache is private", zone, probe)

    def check(self, name: str, zone: str | None, probe: Callable[[], tuple[bool, str]]) -> Result:
        """Return and report the result of a probe. `probe` returns success and evidence.

        If `probe` raises FunctionError, the result is a failure with the error as evidence.
        """
        try:
            passed, evidence = probe()
        except FunctionError as error:
            passed, evidence = False, str(error)
        result = Result(name, zone, passed, evidence)
        self._on_result(result)
        return result

    def invoke(self, function: str, event: object, key: str) -> Any:
        """Return the member `key` of a function's response. Raises FunctionError if it is missing."""
        payload = call(self._target, function, event).payload
        if not isinstance(payload, dict) or key not in payload:
            raise FunctionError(f"function {function} returned {payload!r} for {event}, without {key!r}")
        return payload[key]

    def output(self, name: str, argument: str | None = None) -> Any:
        """Return an output of the root module. Raises VpcacheError if there is none.

        The message also names the probe's `argument` that replaces the output.
        """
        if name not in self._outputs:
            example = _EXAMPLES.get(name, "...")
            alternative = f", or pass {argument}=... to the probe" if argument else ""
            raise VpcacheError(
                f"the root module has no output '{name}': write "
                f'`output "{name}" {{ value = {example} }}`{alternative}'
            )
        return self._outputs[name]

    def _shares_gateway(self) -> bool:
        """Return whether one NAT gateway serves several zones, by the output `nat_gateway_zones` if any."""
        zones = self._gateway_zones()
        return len(set(zones.values())) < len(zones)

    def _gateway_zones(self) -> Mapping[str, str]:
        zones: Mapping[str, str] = self._outputs.get("nat_gateway_zones", {})
        return zones

    def _of_zone(self, name: str, zone: str, argument: str) -> str:
        by_zone = self.output(name, argument)
        if zone not in by_zone:
            raise VpcacheError(f"output '{name}' has no zone '{zone}'; it has {', '.join(sorted(by_zone))}")
        return str(by_zone[zone])


def custom_probes(root_module: Path) -> list[Callable[[Probes], Result]]:
    """Return the functions `probe_*` in the file probes.py of a root module, in the order of the file.

    Each takes the stack's `Probes` and returns a `Result`. Raises VpcacheError if the import fails.
    """
    file = root_module / "probes.py"
    if not file.is_file():
        return []
    try:
        functions = runpy.run_path(str(file))
    except Exception as error:
        raise VpcacheError(f"cannot import {file}: {type(error).__name__}: {error}") from error
    return [value for name, value in functions.items() if name.startswith("probe_") and callable(value)]


def verify(
    target: Target, outputs: Outputs, root_module: Path | None = None, *, path: str = _PATH
) -> list[Result]:
    """Run all probes of a stack concurrently, and return their results in a fixed order.

    Egress and the privacy of the cache need the egress probe functions, the front door its URL; they are
    skipped in a stack without them. The probes of `root_module` (see `custom_probes`) come last. The origin
    must answer `path` with status 200.
    """
    probes = Probes(target, outputs)
    custom = custom_probes(root_module) if root_module else []
    zones = outputs["zones"] if outputs["egress_probes"] else []
    runs: list[Callable[[], Result]] = [
        *(partial(probes.egress, zone) for zone in zones),
        probes.egress_address_is_shared if probes._shares_gateway() else probes.egress_addresses_differ,
        partial(probes.cache_hit, path=path),
        *([partial(probes.front_door, path=path)] if outputs.get("cached_api_url") else []),
        probes.keys_on_every_node,
        *(partial(probes.cache_is_private, zone) for zone in zones),
        *(partial(probe, probes) for probe in custom),
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda run: run(), runs))


def _paths() -> Iterator[str]:
    return (f"/employee/{number}" for number in range(1, MAX_KEYS + 1))
