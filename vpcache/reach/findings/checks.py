"""The findings of a network, and of the change from one network to another. Pure."""

from __future__ import annotations

from vpcache.reach.comparison import moved
from vpcache.reach.findings.caches import on_wrong_port, open_to_vpc
from vpcache.reach.findings.changes import egress_addresses_change
from vpcache.reach.findings.egress import shared_nat_gateways, without_public_address, without_way_out
from vpcache.reach.findings.endpoints import endpoints_without_route
from vpcache.reach.findings.finding import Finding, most_severe_first
from vpcache.reach.findings.network_acls import dropped_answers
from vpcache.reach.findings.routes import black_hole_routes, overlapping_routes
from vpcache.reach.findings.security_groups import group_names_itself, open_to_any_address
from vpcache.reach.findings.view import View
from vpcache.reach.network import Network

_CHECKS = (
    open_to_any_address,
    group_names_itself,
    dropped_answers,
    without_public_address,
    shared_nat_gateways,
    black_hole_routes,
    endpoints_without_route,
    overlapping_routes,
    on_wrong_port,
    without_way_out,
    open_to_vpc,
)


def findings(network: Network) -> tuple[Finding, ...]:
    """Return the classic mistakes in a network, errors first. `rules.RULES` describes each."""
    view = View(network)
    return most_severe_first([found for vpc in view.vpcs for check in _CHECKS for found in check(view, vpc)])


def change_findings(before: Network, after: Network) -> tuple[Finding, ...]:
    """Return the mistakes that only the change from `before` to `after` shows, errors first."""
    return most_severe_first(list(egress_addresses_change(View(after), moved(before, after))))
