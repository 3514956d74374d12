"""Caches that are open at the wrong port, or to their whole VPC. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from vpcache.lab.prover.ends import Attached
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Stage
from vpcache.lab.prover.traffic import Flow, described, traffic
from vpcache.lab.topology import Rule, SecurityGroup, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import CACHE_OPEN_TO_VPC, WRONG_PORT
from vpcache.reach.findings.view import View, listed, rule_of

_GROUPS = (Stage.GROUP_INGRESS, Stage.GROUP_EGRESS)
_CONNECTIONS = traffic("tcp", None) | traffic("udp", None)


def on_wrong_port(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find caches that none of the clients for which a rule exists reaches at the port of the cache."""
    closed: dict[tuple[str, int, Intervals], list[Attached]] = {}
    for cache in view.caches(vpc):
        port = view.port(cache.interface)
        flow = Flow("tcp", port)
        paths = [path for each in view.clients(vpc) if _has_rule(path := view.path(each, cache))]
        if any(path.passes(flow) for path in paths):
            continue
        wrong = [each for path in paths for each in path.obstacles(flow) if each.stage in _GROUPS]
        if wrong:
            closed.setdefault((wrong[0].resource, port, wrong[0].permitted), []).append(cache)
    for (groups, port, opened), caches in closed.items():
        names = listed(map(view.resource, groups.split(", ")))
        yield Finding(
            WRONG_PORT,
            Severity.ERROR,
            groups,
            f"{names} allows {described(opened)}, but no client reaches {view.listed(caches)} at "
            f"tcp {port}, where memcached listens; allow tcp {port} instead",
        )


def _has_rule(path: Path) -> bool:
    """Return whether the security groups of a cache allow TCP or UDP of a client, at whatever port."""
    steps = (each for each in path.steps if each.stage is Stage.GROUP_INGRESS)
    return any(each.permitted & _CONNECTIONS for each in steps)


def open_to_vpc(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find caches that rules with CIDR blocks, alone or together, open to every address of the VPC.

    Rules for any address are not among them: `security_groups.open_to_any_address` finds those.
    """
    for group in vpc.security_groups:
        caches = [each for each in view.caches(vpc) if group.id in each.interface.security_groups]
        for port in dict.fromkeys(view.port(each.interface) for each in caches):
            rules = [each for each in group.ingress if _opens(each, port)]
            if rules and _covers(rules, vpc.cidrs):
                open_ = [each for each in caches if view.port(each.interface) == port]
                yield _open_to_vpc(view, vpc, group, rules, port, open_)


def _open_to_vpc(
    view: View, vpc: Vpc, group: SecurityGroup, rules: list[Rule], port: int, caches: list[Attached]
) -> Finding:
    flow = Flow("tcp", port)
    clients = [
        each for each in view.clients(vpc) if any(view.path(each, cache).passes(flow) for cache in caches)
    ]
    now = f"now {view.listed(clients)} can" if clients else "no interface can yet"
    blocks = listed(f"{each.peer}{rule_of(each)}" for each in rules)
    return Finding(
        CACHE_OPEN_TO_VPC,
        Severity.WARNING,
        group.id,
        f"{view.resource(group.id)} allows tcp {port} from {blocks}, all of {view.resource(vpc.id)}: {now} "
        f"reach {view.listed(caches)}; allow the security group of the clients instead",
    )


def _opens(rule: Rule, port: int) -> bool:
    if isinstance(rule.peer, str) or rule.peer.version != 4 or rule.peer.prefixlen == 0:
        return False
    return Flow("tcp", port).number in traffic(rule.protocol, rule.ports)


def _covers(rules: list[Rule], blocks: tuple[IPv4Network, ...]) -> bool:
    """Return whether the CIDR blocks of rules have all addresses of the VPC's."""
    allowed = Intervals.of(*(_addresses(each.peer) for each in rules if isinstance(each.peer, IPv4Network)))
    return Intervals.of(*map(_addresses, blocks)).issubset(allowed)


def _addresses(block: IPv4Network) -> tuple[int, int]:
    return int(block.network_address), int(block.broadcast_address)
