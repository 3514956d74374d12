"""Zones whose address on the internet is about to change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vpcache.reach.comparison import Moved
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import EGRESS_ADDRESS_CHANGES
from vpcache.reach.findings.view import HOST, View


def egress_addresses_change(view: View, moved: Iterable[Moved]) -> Iterator[Finding]:
    """Find zones that a change gives another address, or none; `view` is of the network after it."""
    for each in moved:
        if not each.before:
            continue  # a new zone: nobody allows its address yet
        gateway = _gateway(view, each.zone)
        if each.after:
            text = (
                f"{each.zone} will leave by {each.after} instead of {each.before}: servers that allow "
                f"{each.before} only refuse it; keep the elastic IP, or announce the new address"
            )
        else:
            text = (
                f"{each.zone} loses {each.before} and its way to the internet after this change; "
                "route its subnets to a NAT gateway"
            )
        severity = Severity.WARNING if each.after else Severity.ERROR
        yield Finding(EGRESS_ADDRESS_CHANGES, severity, gateway or each.zone, text)


def _gateway(view: View, zone: str) -> str:
    """Return the ID of the NAT gateway by which the clients of a zone leave, empty if there is none."""
    for vpc in view.vpcs:
        filters = view.filters(vpc)
        for end in view.clients(vpc):
            route = filters.route(end.interface, HOST.address)
            if end.interface.zone == zone and (gateway := filters.nat_interface(route)):
                return filters.nat_id(gateway)
    return ""
