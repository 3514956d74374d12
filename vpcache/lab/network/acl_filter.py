"""The part of the packet filter that network ACLs are, and the matches that all rules share. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from vpcache.lab.network.naming import device
from vpcache.lab.network.nft import chain, nft_map, nft_set
from vpcache.lab.topology import AclEntry, Interface, IpNetwork, NetworkAcl, Rule, Subnet, Vpc


def acl_chains(vpc: Vpc) -> tuple[str, ...]:
    """Return the chains of network ACLs and the maps that lead to them, nothing if all ACLs allow everything.

    A network ACL does not apply to packets within its subnet.
    """
    versions = (4, 6) if vpc.ipv6_cidrs else (4,)
    filtered = [
        (subnet, acl)
        for acl in vpc.network_acls
        if not _allows_everything(acl, versions)
        for subnet in vpc.subnets
        if subnet.id in acl.subnet_ids
    ]
    if not filtered:
        return ()
    subnet_ids = {subnet.id for subnet, _ in filtered}
    interfaces = [interface for interface in vpc.interfaces if interface.subnet_id in subnet_ids]
    acls = {acl.id: acl for _, acl in filtered}
    return (
        *_guard_maps(interfaces),
        *(text for subnet, acl in filtered for text in _subnet_chains(subnet, acl, interfaces)),
        *(text for acl in acls.values() for text in _entry_chains(acl)),
    )


def _guard_maps(interfaces: Collection[Interface]) -> Iterable[str]:
    for direction in ("out", "in"):
        jumps = [(quoted(interface), f"jump {direction}_{interface.subnet_id}") for interface in interfaces]
        yield nft_map(f"guards_{direction}", "ifname : verdict", jumps)


def _subnet_chains(subnet: Subnet, acl: NetworkAcl, interfaces: Iterable[Interface]) -> Iterable[str]:
    """Yield the chains that lead from a subnet to its ACL, except for packets that stay in the subnet."""
    inside = f"inside_{subnet.id}"
    members = [quoted(interface) for interface in interfaces if interface.subnet_id == subnet.id]
    yield nft_set(inside, "ifname", members)
    yield chain(f"out_{subnet.id}", None, [f"oifname @{inside} return", f"goto out_{acl.id}"])
    yield chain(f"in_{subnet.id}", None, [f"iifname @{inside} return", f"goto in_{acl.id}"])


def _entry_chains(acl: NetworkAcl) -> Iterable[str]:
    yield chain(f"out_{acl.id}", None, _acl_rules(acl.egress, "daddr", "goto acl_egress"))
    yield chain(f"in_{acl.id}", None, _acl_rules(acl.ingress, "saddr", "goto acl_ingress"))


def _acl_rules(entries: Iterable[AclEntry], side: str, denial: str) -> list[str]:
    rules = [
        f"{traffic(entry)}{cidr_match(entry.cidr, side)} {'return' if entry.allows else denial}"
        for entry in sorted(entries, key=lambda each: each.number)
    ]
    return [*rules, denial]


def _allows_everything(acl: NetworkAcl, versions: Collection[int]) -> bool:
    """Return whether an ACL allows all packets of the IP versions, as the default ACL of a VPC does."""
    return all(
        _first_allows_everything([each for each in entries if each.cidr.version == version])
        for entries in (acl.ingress, acl.egress)
        for version in versions
    )


def _first_allows_everything(entries: Iterable[AclEntry]) -> bool:
    first = min(entries, key=lambda each: each.number, default=None)
    return bool(first and first.allows and first.protocol == "all" and first.cidr.prefixlen == 0)


def traffic(rule: Rule | AclEntry) -> str:
    """Return the part of a rule that matches protocol, ports or ICMP messages."""
    name = "ipv6-icmp" if rule.protocol == "icmpv6" else rule.protocol
    protocol = "" if rule.protocol == "all" else f"meta l4proto {name} "
    if not rule.ports:
        return protocol
    low, high = rule.ports
    if rule.protocol in ("icmp", "icmpv6"):
        kind, code = (
            f"{rule.protocol} {name} {value} " if value >= 0 else ""
            for name, value in (("type", low), ("code", high))
        )
        return f"{protocol}{kind}{code}"
    return f"{protocol}th dport {low}-{high} "


def cidr_match(cidr: IpNetwork, side: str) -> str:
    """Return the expression that matches a side, "saddr" or "daddr", in a CIDR block."""
    return f"{'ip' if cidr.version == 4 else 'ip6'} {side} {cidr}"


def quoted(interface: Interface) -> str:
    """Return the router's device towards an interface, in quotes."""
    return f'"{device(interface.id)}"'
