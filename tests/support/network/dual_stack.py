"""The scenario's VPC with IPv6."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from tests.support.network.scenario import ANYWHERE, EVERYTHING_OUT
from vpcache.lab.topology import Route, RouteTarget, Rule, SecurityGroup, Vpc

ANYWHERE_IPV6 = IPv6Network("::/0")
ADDRESSES = {
    "eni-cache": "2600:1f18:a:100::150",
    "eni-client-a": "2600:1f18:a:100::140",
    "eni-client-b": "2600:1f18:a:101::200",
    "eni-other": "2600:1f18:a:100::160",
    "eni-web": "2600:1f18:a:102::20",
}
ALL_OUT = (*EVERYTHING_OUT, Rule("all", None, ANYWHERE_IPV6))
WEB = (Rule("tcp", (80, 80), ANYWHERE), Rule("tcp", (80, 80), ANYWHERE_IPV6))
EGRESS_ONLY = Route(ANYWHERE_IPV6, RouteTarget.EGRESS_ONLY_GATEWAY)


def dual_stack(vpc: Vpc) -> Vpc:
    """Return a VPC with an IPv6 block: private subnets use an egress-only gateway, public ones the IGW."""
    routes = {
        "rtb-a": EGRESS_ONLY,
        "rtb-b": EGRESS_ONLY,
        "rtb-public": Route(ANYWHERE_IPV6, RouteTarget.INTERNET_GATEWAY),
    }
    return replace(
        vpc,
        ipv6_cidrs=(IPv6Network("2600:1f18:a:100::/56"),),
        has_egress_only_gateway=True,
        interfaces=tuple(
            replace(each, ipv6_addresses=(IPv6Address(ADDRESSES[each.id]),) if each.id in ADDRESSES else ())
            for each in vpc.interfaces
        ),
        route_tables=tuple(
            replace(table, routes=(*table.routes, routes[table.id])) for table in vpc.route_tables
        ),
        security_groups=tuple(_dual_stack_group(group) for group in vpc.security_groups),
    )


def _dual_stack_group(group: SecurityGroup) -> SecurityGroup:
    ingress = WEB if group.id == "sg-web" else group.ingress
    return replace(group, ingress=ingress, egress=ALL_OUT if group.egress else ())
