"""Terraform's JSON to the model of a picture. Pure, and driven by AWS resource types alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from vpcache.diagram.model import Host, NatGateway, Permission, Picture, SecurityGroup, Subnet, Vpc
from vpcache.diagram.placement import residents, service, short
from vpcache.diagram.routing import Routing
from vpcache.diagram.rules import Rule, rules
from vpcache.errors import VpcacheError
from vpcache.terraform.resources import Resource, Resources, resources

# what others in the picture refer to by id
_REFERRED_TO = (
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_route_table",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
)


def picture(document: Mapping[str, Any]) -> Picture:
    """Return the picture of what `terraform show -json` tells of a state or plan.

    Raises VpcacheError if that is neither, has no subnet, or has no ids yet, without which nobody knows what
    leads where.
    """
    found = resources(document)
    for each in found.of(*_REFERRED_TO):
        if not each.text("id"):
            raise VpcacheError(
                f"{each.address} has no id in this plan, as it is not made yet: give the state after the "
                "apply, or draw an environment by --env"
            )
    subnets = found.of("aws_subnet", "aws_default_subnet")
    if not subnets:
        raise VpcacheError("there is no aws_subnet in this state or plan: nothing to draw")
    known = {vpc.id: vpc for vpc in found.of("aws_vpc", "aws_default_vpc")}
    ids = dict.fromkeys(subnet.text("vpc_id") for subnet in subnets)
    return Picture(
        vpcs=tuple(_vpc(found, id_, known.get(id_)) for id_ in ids),
        hosts=tuple(_hosts(found, [vpc.name for vpc in known.values()])),
        without_vpc=tuple(
            function.text("function_name")
            for function in found.of("aws_lambda_function")
            if not any(block.get("subnet_ids") for block in function.blocks("vpc_config"))
        ),
    )


def _vpc(found: Resources, id_: str, vpc: Resource | None) -> Vpc:
    name = vpc.name if vpc else id_
    routing = Routing(found)
    groups = [group for group in found.of("aws_security_group") if group.text("vpc_id") == id_]
    allowed = list(rules(found))
    return Vpc(
        id=id_,
        name=name,
        cidr=vpc.text("cidr_block") if vpc else "",
        has_internet_gateway=any(each.text("vpc_id") == id_ for each in found.of("aws_internet_gateway")),
        subnets=tuple(
            sorted(
                (
                    _subnet(found, routing, each, name)
                    for each in found.of("aws_subnet", "aws_default_subnet")
                    if each.text("vpc_id") == id_
                ),
                key=lambda subnet: subnet.zone,  # stable: within a zone the order is that of the addresses
            )
        ),
        groups=tuple(_group(group, allowed, name) for group in groups),
        permissions=tuple(_permissions(allowed, {group.id for group in groups})),
        endpoints=tuple(
            service(each)
            for each in found.of("aws_vpc_endpoint")
            if each.text("vpc_id") == id_ and each.text("vpc_endpoint_type") in ("", "Gateway")
        ),
    )


def _subnet(found: Resources, routing: Routing, subnet: Resource, vpc_name: str) -> Subnet:
    tier, way_out = routing.of(subnet)
    return Subnet(
        id=subnet.id,
        zone=subnet.text("availability_zone") or "zone not known",
        cidr=subnet.text("cidr_block"),
        tier=tier,
        way_out=way_out,
        nat_gateways=tuple(
            NatGateway(gateway.id, _public_address(found, gateway))
            for gateway in found.of("aws_nat_gateway")
            if gateway.text("subnet_id") == subnet.id
        ),
        residents=tuple(residents(found, subnet, vpc_name)),
    )


def _public_address(found: Resources, gateway: Resource) -> str:
    """Return a NAT gateway's public address, its own word first, then that of its elastic IP."""
    own = _address(gateway.text("public_ip"))
    elastic = (
        _address(each.text("public_ip"))
        for each in found.of("aws_eip")
        if gateway.text("allocation_id") in (each.id, each.text("allocation_id"))
    )
    return own or next(elastic, "")


def _group(group: Resource, allowed: list[Rule], vpc_name: str) -> SecurityGroup:
    open_to = (
        f"{rule.traffic} from {rule.source}"
        for rule in allowed
        if rule.group == group.id and not rule.is_source_a_group
    )
    return SecurityGroup(group.id, short(group.name, vpc_name), tuple(dict.fromkeys(open_to)))


def _permissions(allowed: list[Rule], groups: set[str]) -> Iterator[Permission]:
    yield from dict.fromkeys(
        Permission(rule.source, rule.group, rule.traffic)
        for rule in allowed
        if rule.group in groups and rule.source in groups and rule.source != rule.group
    )


def _hosts(found: Resources, vpc_names: list[str]) -> Iterator[Host]:
    """Yield the hosts of the URLs in the functions' environments, function URLs by their function."""
    askers: dict[str, list[str]] = {}
    urls = {
        _host(each.text("function_url")): short(each.text("function_name"), *vpc_names)
        for each in found.of("aws_lambda_function_url")
    }
    zones = {subnet.text("availability_zone") for subnet in found.of("aws_subnet")}
    for function in found.of("aws_lambda_function"):
        name = short(function.text("function_name"), *vpc_names)
        for zone in zones:
            name = short(name, suffix=zone)
        for block in function.blocks("environment"):
            for value in (block.get("variables") or {}).values():
                if host := _host(value):
                    askers.setdefault(host, []).append(name)
    for host, names in askers.items():
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
    """Return an IP address as it is, nothing for what is none, such as a value made up for a plan."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
