"""What AWS's API says about VPCs: the items of its answers, as boto3 returns them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from vpcache.lab.topology import IpNetwork

Item = Mapping[str, Any]
Items = tuple[Item, ...]


@dataclass(frozen=True)
class Descriptions:
    """The items of all pages of each operation, for some VPCs of a region.

    `service_prefix_lists` are those of DescribePrefixLists. `prefix_list_entries` has the entries of the
    other prefix lists to which rules and routes refer, by ID; one that cannot be read is absent.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html
    """

    region: str
    vpcs: Items = ()
    subnets: Items = ()
    route_tables: Items = ()
    security_groups: Items = ()
    security_group_rules: Items = ()
    network_acls: Items = ()
    interfaces: Items = ()
    nat_gateways: Items = ()
    internet_gateways: Items = ()
    egress_only_gateways: Items = ()
    endpoints: Items = ()
    peering_connections: Items = ()
    vpn_gateways: Items = ()
    service_prefix_lists: Items = ()
    prefix_list_entries: Mapping[str, Items] = field(default_factory=dict)
    functions: Items = ()
    cache_clusters: Items = ()
    serverless_caches: Items = ()

    def prefixes(self) -> dict[str, tuple[IpNetwork, ...]]:
        """Return the CIDR blocks of each known prefix list by its ID."""
        services = {each["PrefixListId"]: each.get("Cidrs", ()) for each in self.service_prefix_lists}
        others = {id_: [entry["Cidr"] for entry in found] for id_, found in self.prefix_list_entries.items()}
        return {id_: tuple(map(ip_network, cidrs)) for id_, cidrs in (services | others).items()}

    def prefix_list_ids(self) -> set[str]:
        """Return the IDs of the prefix lists to which rules and routes refer."""
        routes = (route for table in self.route_tables for route in table["Routes"])
        found = {
            *(each.get("PrefixListId") for each in self.security_group_rules),
            *(each.get("DestinationPrefixListId") for each in routes),
        }
        return {each for each in found if each}


def of_vpc(items: Items, vpc_id: str) -> Items:
    """Return the items that belong to a VPC, or are attached to it."""
    return tuple(each for each in items if vpc_id in _vpc_ids(each))


def name_of(item: Item, default: str) -> str:
    """Return the Name tag of an item; network interfaces have a TagSet."""
    tags = {tag["Key"]: tag["Value"] for tag in (*item.get("Tags", ()), *item.get("TagSet", ()))}
    return str(tags.get("Name") or default)


def _vpc_ids(item: Item) -> set[str]:
    attachments = (*item.get("Attachments", ()), *item.get("VpcAttachments", ()))
    attached = {each["VpcId"] for each in attachments if each["State"] in _ATTACHED}
    return attached | ({item["VpcId"]} if "VpcId" in item else set())


_ATTACHED = ("attached", "available")
"""States of attachments: an internet gateway's is `available`, as its API reference says.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGatewayAttachment.html
"""
