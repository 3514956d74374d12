"""The values of a new environment: those of the environment that it is copied from, with its own. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from vpcache.environments.address_plan import MAX_ZONES, AddressPlan, ZoneSubnets, usable
from vpcache.environments.hcl import attribute, expression
from vpcache.errors import VpcacheError

REQUIRED_VARIABLES = ("environment", "region", "cidr_block", "zones")
"""The variables that a root module must have to be copied, because each environment has its own values."""


@dataclass(frozen=True)
class NewEnvironment:
    """Name, region, addresses and origin of a new environment. Without `origin_url` the copied one stays."""

    name: str
    region: str
    addresses: AddressPlan
    origin_url: str = ""


def values_text(new: NewEnvironment, copied: Mapping[str, Any], descriptions: Mapping[str, str]) -> str:
    """Return the text of terraform.tfvars: each value below the description of its variable.

    `copied` are the values of the environment to copy, as python-hcl2 reads them. Raises VpcacheError for a
    copied value that cannot be written.
    """
    values = new_values(
        new, {name: _plain(name, value) for name, value in copied.items() if name[:2] != "__"}
    )
    notes = {"cidr_block": _room(new.addresses), "zones": _zone_notes(new, values["zones"])}
    blocks = []
    for name, value in values.items():
        comments = [descriptions.get(name, ""), *notes.get(name, ())]
        lines = "".join(f"# {line}\n" for line in comments if line)
        blocks.append(f"{lines}{attribute(name, value)}\n")
    return "\n".join(blocks)


def new_values(new: NewEnvironment, copied: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a new environment: its own first, then the copied ones with its zones."""
    has_isolated = any("isolated_cidr" in zone for zone in copied.get("zones", {}).values())
    letters = list(new.addresses.zones)
    own = {
        "environment": new.name,
        "region": new.region,
        "cidr_block": str(new.addresses.vpc),
        "zones": {
            letter: _cidrs(subnets, has_isolated=has_isolated)
            for letter, subnets in new.addresses.zones.items()
        },
    }
    if new.origin_url:
        own["origin_url"] = new.origin_url
    others = {name: value for name, value in copied.items() if name not in {*own, "secondary_cidr_blocks"}}
    if "zones" in others.get("cache", {}):
        others["cache"] = others["cache"] | {"zones": letters}  # a node in each zone
    if others.get("nat", {}).get("single_zone"):
        others["nat"] = others["nat"] | {"single_zone": letters[0]}
    return own | others


def cidr_blocks(values: Mapping[str, Any]) -> list[IPv4Network]:
    """Return the CIDR blocks of an environment's VPC. Values that are none, such as null, are left out."""
    texts = [values.get("cidr_block"), *(values.get("secondary_cidr_blocks") or [])]
    blocks = []
    for text in texts:
        try:
            blocks.append(IPv4Network(_plain("cidr_block", text)))
        except ValueError:
            continue
    return blocks


def _cidrs(subnets: ZoneSubnets, *, has_isolated: bool) -> dict[str, str]:
    cidrs = {"public_cidr": str(subnets.public), "private_cidr": str(subnets.private)}
    return cidrs | ({"isolated_cidr": str(subnets.isolated)} if has_isolated else {})


def _room(addresses: AddressPlan) -> Sequence[str]:
    sixteen = addresses.vpc.supernet(new_prefix=16)
    return [
        f"It has {addresses.vpc.num_addresses} addresses, which are room for {MAX_ZONES} zones. "
        "No environment overlaps them, so that their VPCs can be peered.",
        f"AWS cannot change it; secondary_cidr_blocks adds others, such as free ones of {sixteen}.",
    ]


def _zone_notes(new: NewEnvironment, zones: Mapping[str, Any]) -> Iterator[str]:
    first = next(iter(new.addresses.zones.values()))
    yield (
        f"Each zone has {usable(first.public)} public addresses, for NAT gateways and load balancers, and "
        f"{usable(first.private)} private ones, for functions and cache nodes."
    )
    has_isolated = any("isolated_cidr" in zone for zone in zones.values())
    if new.addresses.spare:
        yield "Further zones of the region:"
    for letter, subnets in new.addresses.spare.items():
        yield f"{letter} = {expression(_cidrs(subnets, has_isolated=has_isolated))}"


def _plain(name: str, value: Any) -> Any:
    """Return a value of python-hcl2 without the quotes and escapes of strings."""
    if isinstance(value, Mapping):
        members = {key: member for key, member in value.items() if key[:2] != "__"}
        return {_plain(name, key): _plain(name, member) for key, member in members.items()}
    if isinstance(value, list):
        return [_plain(name, member) for member in value]
    if not isinstance(value, str):
        return value
    if value.startswith("<<"):
        raise VpcacheError(f"cannot copy {name}, which is a heredoc: write it as a string")
    text = value if len(value) > 1 and value[0] == value[-1] == '"' else f'"{value}"'
    try:
        plain: str = json.loads(text, strict=False)
    except ValueError:
        raise VpcacheError(
            f"cannot copy {name}, which has the string {text}: write it without escapes"
        ) from None
    return plain.replace("$${", "${").replace("%%{", "%{")
