"""The planner and the steps between networks, checked with a model of the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.network.dual_stack import dual_stack
from tests.support.network.scenario import ANYWHERE, CLIENTS, VPC, interface, with_interfaces
from vpcache.lab.network.naming import INTERNET, gateway_namespace, interface_namespace, router_namespace
from vpcache.lab.network.planner import plan
from vpcache.lab.network.steps import IpBatch, Network, Ruleset, Step, Sysctls, changes
from vpcache.lab.topology import Interface, Route, RouteTable, RouteTarget, Rule, Topology, Vpc

ROUTER = router_namespace(VPC.id)


@dataclass
class FakeKernel:
    """Runs steps as the kernel does, and fails where the kernel fails."""

    lines: dict[str, set[tuple[str, str, int]]] = field(default_factory=dict)
    sysctls: dict[str, dict[str, str]] = field(default_factory=dict)
    rulesets: dict[str, str] = field(default_factory=dict)
    peers: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    up: set[tuple[str, str]] = field(default_factory=set)

    def run(self, steps: Iterable[Step]) -> FakeKernel:
        for step in steps:
            match step:
                case IpBatch(namespace, commands, version):
                    for command in commands:
                        self._ip(namespace, command.split(maxsplit=2), version)
                case Sysctls(namespace, values):
                    if any(path.startswith("net/ipv4/conf/default") for path, _ in values):
                        assert not any(end == namespace for end, _ in self.peers), "devices copied old values"
                    if any(path.startswith("net/netfilter") for path, _ in values):
                        assert "ct state" in self.rulesets[namespace], "no rule tracks connections yet"
                    self.sysctls[namespace] |= dict(values)
                case Ruleset(namespace, text):
                    assert text.startswith("flush ruleset\n")
                    self.rulesets[namespace] = text
        return self

    def _ip(self, namespace: str | None, words: list[str], version: int) -> None:
        match namespace, words:
            case None, ["netns", "add", name]:
                assert name not in self.lines
                self.lines[name], self.sysctls[name] = set(), {}
            case None, ["netns", "del", name]:
                assert not any(end == name for end, _ in self.peers), "its links remain with its processes"
                for known in (self.lines, self.sysctls, self.rulesets):
                    known.pop(name, None)
                self.up.discard((name, "lo"))
            case None, ["link", "add", arguments]:
                match arguments.split():
                    case [device, "netns", one, "type", "veth", "peer", "name", peer, "netns", other]:
                        assert {one, other} <= self.lines.keys()
                        assert not {(one, device), (other, peer)} & self.peers.keys()
                        self.peers |= {(one, device): (other, peer), (other, peer): (one, device)}
                    case _:
                        pytest.fail(f"not a link: {arguments}")
            case str(), ["link", "del", device]:
                for end in ((namespace, device), self.peers[namespace, device]):
                    del self.peers[end]
                    self.up.discard(end)
                    self.lines[end[0]] = {line for line in self.lines[end[0]] if device_of(line[1]) != end[1]}
            case str(), ["link", "set", arguments]:
                name, state = arguments.split()
                assert state == "up"
                assert name == "lo" or (namespace, name) in self.peers
                self.up.add((namespace, name))
            case str(), ["address" | "route" | "rule", "add", arguments]:
                used = device_of(arguments)
                assert used is None or (namespace, used) in self.up
                assert (words[0], arguments, version) not in self.lines[namespace]
                self.lines[namespace].add((words[0], arguments, version))
            case str(), ["address" | "route" | "rule", "del", arguments]:
                self.lines[namespace].remove((words[0], arguments, version))
            case _:
                pytest.fail(f"not a command: {namespace} {words}")


def device_of(arguments: str) -> str | None:
    words = arguments.split()
    return words[words.index("dev") + 1] if "dev" in words else None


def applied(network: Network) -> FakeKernel:
    return FakeKernel().run(changes(Network(), network))


def lines(network: Network, namespace: str) -> list[str]:
    return [f"{line.object} {line.arguments}" for line in network.namespaces[namespace].entries]


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Generate up to two VPCs with the same CIDR block and some of their interfaces, groups and routes."""
    vpcs = []
    for identity in draw(st.sets(st.sampled_from(("vpc-1", "vpc-2")))):
        chosen = draw(st.sets(st.sampled_from(VPC.interfaces)))
        interfaces = tuple(
            replace(
                each,
                id=f"{each.id}-{identity}",
                security_groups=draw(st.sampled_from((each.security_groups, frozenset({"sg-client"})))),
                public_address=draw(st.sampled_from((each.public_address, None)))
                if identity == "vpc-1"
                else None,
            )
            for each in VPC.interfaces
            if each in chosen
        )
        route = st.sampled_from(tuple(table.routes for table in VPC.route_tables))
        vpc = replace(
            VPC,
            id=identity,
            internet_gateway_id=draw(st.sampled_from(("igw-1", None))),
            interfaces=interfaces,
            route_tables=tuple(replace(table, routes=draw(route)) for table in VPC.route_tables),
        )
        vpcs.append(dual_stack(vpc) if draw(st.booleans()) else vpc)
    return Topology(tuple(vpcs))


@given(topologies(), topologies())
def test_changes_lead_from_any_network_to_any_other(old: Topology, new: Topology) -> None:
    kernel = applied(plan(old)).run(changes(plan(old), plan(new)))
    assert kernel == applied(plan(new))


@given(topologies())
def test_equal_networks_have_no_changes(topology: Topology) -> None:
    assert changes(plan(topology), plan(topology)) == ()


@given(topologies())
def test_removed_network_leaves_nothing(topology: Topology) -> None:
    assert applied(plan(topology)).run(changes(plan(topology), Network())) == FakeKernel()


def test_new_interface_changes_only_its_namespace_and_router() -> None:
    more = with_interfaces(VPC, interface("more", "10.0.0.170", "sg-client"))
    steps = changes(plan(Topology((VPC,))), plan(Topology((more,))))
    assert {step.namespace for step in steps} == {None, ROUTER, interface_namespace("eni-more")}
    assert not [
        command
        for step in steps
        if isinstance(step, IpBatch)
        for command in step.commands
        if "del" in command
    ]


def test_rulesets_are_loaded_before_links_are_up() -> None:
    steps = changes(Network(), plan(Topology((VPC,))))
    ups = [
        position
        for position, step in enumerate(steps)
        if isinstance(step, IpBatch) and any(command.startswith("link set") for command in step.commands)
    ]
    assert max(position for position, step in enumerate(steps) if isinstance(step, Ruleset)) < min(ups)


def test_isolating_an_interface_changes_one_ruleset() -> None:
    topology = Topology((VPC,))
    (step,) = changes(plan(topology), plan(topology, isolated=frozenset({"eni-nat-a"})))
    assert isinstance(step, Ruleset)
    assert step.namespace == ROUTER


def test_host_that_is_down_changes_only_the_internet() -> None:
    topology = Topology((VPC,))
    (step,) = changes(plan(topology), plan(topology, down_hosts=frozenset({IPv4Address("198.51.100.10")})))
    assert isinstance(step, Ruleset)
    assert step.namespace == INTERNET


def test_device_names_are_short_and_unique() -> None:
    identities = [f"eni-0123456789abcde{n:02x}" for n in range(256)]
    vpc = replace(VPC, interfaces=tuple(replace(CLIENTS["a"], id=identity) for identity in identities))
    devices = [link.device for link in plan(Topology((vpc,))).links]
    assert max(map(len, devices)) <= 15
    assert len(set(devices)) == len(devices)


def test_interface_has_subnet_prefix_and_default_route() -> None:
    network = plan(Topology((VPC,)))
    assert lines(network, interface_namespace("eni-cache")) == [
        "address 10.0.0.150/26 dev eth0 noprefixroute",
        "address 10.0.0.151/26 dev eth0 noprefixroute",
        "route 10.0.0.129 dev eth0 scope link",
        "route default via 10.0.0.129 dev eth0",
    ]


def test_local_route_precedes_all_route_tables() -> None:
    routing = [line for line in lines(plan(Topology((VPC,))), ROUTER) if not line.startswith("address")]
    assert routing[:2] == ["rule priority 100 lookup 100", "route blackhole 10.0.0.0/24 table 100"]
    assert all("priority 200" in line for line in routing[2:] if line.startswith("rule"))


@pytest.mark.parametrize(
    ("route", "vpc"),
    [
        (Route(ANYWHERE, RouteTarget.BLACKHOLE), VPC),
        (Route(ANYWHERE, RouteTarget.INTERFACE, "eni-gone"), VPC),
        (Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY), replace(VPC, internet_gateway_id=None)),
    ],
)
def test_route_without_target_is_a_blackhole(route: Route, vpc: Vpc) -> None:
    vpc = replace(vpc, route_tables=(RouteTable("rtb-a", (route,)),))
    (line,) = [line for line in lines(plan(Topology((vpc,))), ROUTER) if "0.0.0.0/0" in line]
    assert line.startswith("route blackhole 0.0.0.0/0 table ")


def test_vpc_without_internet_gateway_has_no_uplink() -> None:
    network = plan(Topology((replace(VPC, internet_gateway_id=None),)))
    assert gateway_namespace(VPC.id) not in network.namespaces
    assert INTERNET not in {end for link in network.links for end in (link.namespace, link.peer_namespace)}
    assert not [line for line in lines(network, INTERNET) if "203.0.113." in line]


@pytest.mark.parametrize("group", ["sg-elsewhere", "sg-mute"])
def test_rule_may_reference_a_group_without_members(group: str) -> None:
    groups = (replace(VPC.security_groups[0], ingress=(Rule("tcp", None, group),)),)
    ruleset = plan(Topology((replace(VPC, security_groups=groups),))).namespaces[ROUTER].ruleset
    assert f"set members_{group} {{ type ipv4_addr; }}" in ruleset
    assert f"meta l4proto tcp ip saddr @members_{group} accept" in ruleset


def test_unknown_security_group_allows_nothing() -> None:
    def ruleset(member: Interface) -> str:
        vpc = replace(VPC, interfaces=(member,))
        return plan(Topology((vpc,))).namespaces[ROUTER].ruleset

    assert "jump in_sg-gone" not in ruleset(interface("x", "10.0.0.170", "sg-gone"))
    assert "jump in_sg-web" in ruleset(interface("x", "10.0.0.170", "sg-web"))
