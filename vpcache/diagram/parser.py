"""The parser: Terraform's JSON to the model of a diagram. Pure; it interprets AWS resource types only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from vpcache.diagram.model import (
    Diagram,
    Host,
    NatGatewayView,
    Permission,
    SecurityGroupView,
    SubnetView,
    VpcView,
)
from vpcache.diagram.placement import attached_resources, service, short
from vpcache.diagram.routing import Routing
from vpcache.diagram.rules import IngressRule, ingress_rules
from vpcache.errors import VpcacheError
from vpcache.terraform.resources import Resource, Resources, resources

# resource types that others refer to by ID
_REFERRED_TO = (
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_route_table",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
)


def parse(document: Mapping[str, Any], evaluated: Mapping[str, Any] | None = None) -> Diagram:
    """Return the diagram of a state or plan in the format of `terraform show -json`.

    `evaluated` is as in `vpcache.terraform.resources.resources`. Raises VpcacheError if the document is
    neither, or has no subnet, or if references to resources that do not exist yet are not decided.
    """
    state = resources(document, evaluated)
    missing = [each.address for each in state.of(*_REFERRED_TO) if not each.text("id")]
    if missing and state.undecided:
        raise VpcacheError(
            f"{missing[0]} has no ID in this plan, as it does not exist yet, and {state.undecided[0]}: use "
            "the state after the apply, or --env with --plan"
        )
    subnets = state.of("aws_subnet", "aws_default_subnet")
    if not subnets:
        raise VpcacheError("this state or plan contains no aws_subnet, so there is nothing to draw")
    vpcs = {vpc.id: vpc for vpc in state.of("aws_vpc", "aws_default_vpc")}
    ids = dict.fromkeys(subnet.text("vpc_id") for subnet in subnets)
    return Diagram(
        vpcs=tuple(_vpc(state, id_, vpcs.get(id_)) for id_ in ids),
        hosts=tuple(_hosts(state, [vpc.name for vpc in vpcs.values()])),
        without_vpc=tuple(
            function.text("function_name")
            for function in state.of("aws_lambda_function")
            if not any(block.get("subnet_ids") for block in function.blocks("vpc_config"))
        ),
    )


def _vpc(state: Resources, id_: str, vpc: Resource | None) -> VpcView:
    name = vpc.name if vpc else id_
    routing = Routing(state)
    groups = [group for group in state.of("aws_security_group") if group.text("vpc_id") == id_]
    allowed = list(ingress_rules(state))
    return VpcView(
        id=id_,
        name=name,
        cidr=vpc.text("cidr_block") if vpc else "",
        has_internet_gateway=any(each.text("vpc_id") == id_ for each in state.of("aws_internet_gateway")),
        subnets=tuple(
            sorted(
                (
                    _subnet(state, routing, each, name)
                    for each in state.of("aws_subnet", "aws_default_subnet")
                    if each.text("vpc_id") == id_
                ),
                key=lambda subnet: subnet.zone,  # stable: within a zone the order is that of the addresses
            )
        ),
        groups=tuple(_group(group, allowed, name) for group in groups),
        permissions=tuple(_permissions(allowed, {group.id for group in groups})),
        endpoints=tuple(
            service(each)
            for each in state.of("aws_vpc_endpoint")
            if each.text("vpc_id") == id_ and each.text("vpc_endpoint_type") in ("", "Gateway")
        ),
    )


def _subnet(state: Resources, routing: Routing, subnet: Resource, vpc_name: str) -> SubnetView:
    tier, nat_gateway_id = routing.of(subnet)
    return SubnetView(
        id=subnet.id,
        zone=subnet.text("availability_zone") or "unknown zone",
        cidr=subnet.text("cidr_block"),
        tier=tier,
        nat_gateway_id=nat_gateway_id,
        nat_gateways=tuple(
            NatGatewayView(gateway.id, _public_address(state, gateway))
            for gateway in state.of("aws_nat_gateway")
            if gateway.text("subnet_id") == subnet.id
        ),
        resources=tuple(attached_resources(state, subnet, vpc_name)),
    )


def _public_address(state: Resources, gateway: Resource) -> str:
    """Return a NAT gateway's public address, by its own attribute or that of its elastic IP."""
    own = _address(gateway.text("public_ip"))
    elastic = (
        _address(each.text("public_ip"))
        for each in state.of("aws_eip")
        if gateway.text("allocation_id") in (each.id, each.text("allocation_id"))
    )
    return own or next(elastic, "")


def _group(group: Resource, allowed: list[IngressRule], vpc_name: str) -> SecurityGroupView:
    open_to = (
        f"{rule.traffic} from {rule.source}"
        for rule in allowed
        if rule.group == group.id and not rule.is_source_a_group
    )
    return SecurityGroupView(group.id, short(group.name, vpc_name), tuple(dict.fromkeys(open_to)))


def _permissions(allowed: list[IngressRule], groups: set[str]) -> Iterator[Permission]:
    yield from dict.fromkeys(
        Permission(rule.source, rule.group, rule.traffic)
        for rule in allowed
        if rule.group in groups and rule.source in groups and rule.source != rule.group
    )


def _hosts(state: Resources, vpc_names: list[str]) -> Iterator[Host]:
    """Yield the hosts of the URLs in the functions' environment variables."""
    callers: dict[str, list[str]] = {}
    urls = {
        _host(each.text("function_url")): short(each.text("function_name"), *vpc_names)
        for each in state.of("aws_lambda_function_url")
    }
    zones = {subnet.text("availability_zone") for subnet in state.of("aws_subnet")}
    for function in state.of("aws_lambda_function"):
        name = short(function.text("function_name"), *vpc_names)
        for zone in zones:
            name = short(name, suffix=zone)
        for block in function.blocks("environment"):
            for value in (block.get("variables") or {}).values():
                if host := _host(value):
                    callers.setdefault(host, []).append(name)
    for host, names in callers.items():
        name = f"function URL of {urls[host]}" if host in urls else host
        yield Host(name, tuple(dict.fromkeys(names)))


def _host(value: object) -> str | None:
    """Return the host of an http(s) URL, None for anything else."""
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        return url.hostname if url.scheme in ("http", "https") else None
    except ValueError:
        return None


def _address(text: str) -> str:
    """Return a valid IP address unchanged; an empty string for others, such as mock values in a plan."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
