"""EC2's Describe operations, with filters that moto ignores or lacks."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidNetworkAclIdError,
    InvalidSecurityGroupNotFoundError,
)
from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.filters import (
    GROUP_FILTERS,
    GROUP_RULE_FILTERS,
    FilterFields,
    Filters,
    apply_filters,
    split_filters,
)
from vpcache.lab.aws.regions import region_title

_SERVICE_OWNER = "amazon-aws"  # the owner of attachments of requester-managed interfaces


def _attachments(interface: Any) -> list[Any]:
    return [interface.attachment] if interface.attachment_id else []


def _elastic_ips(interface: Any) -> list[Any]:
    return [each for each in interface.ec2_backend.addresses if each.eni is interface]


_NAT_GATEWAYS: FilterFields = {
    "nat-gateway-id": lambda each: [each.id],
    "state": lambda each: [each.state],
    "subnet-id": lambda each: [each.subnet_id],
    "vpc-id": lambda each: [each.vpc_id],
}
_INTERNET_GATEWAYS: FilterFields = {
    "attachment.state": lambda each: [each.attachment_state] if each.vpc else [],
    "attachment.vpc-id": lambda each: [each.vpc.id] if each.vpc else [],
    "internet-gateway-id": lambda each: [each.id],
    "owner-id": lambda each: [each.owner_id],
}
_PREFIX_LISTS: FilterFields = {
    "owner-id": lambda each: [each.owner_id],
    "prefix-list-id": lambda each: [each.id],
    "prefix-list-name": lambda each: [each.prefix_list_name],
}
_ZONES: FilterFields = {
    "group-name": lambda each: [each.group_name],
    "opt-in-status": lambda _: ["opt-in-not-required"],
    "region-name": lambda each: [each.region_name],
    "state": lambda each: [each.state],
    "zone-id": lambda each: [each.zone_id],
    "zone-name": lambda each: [each.name],
    "zone-type": lambda each: [each.zone_type],
}
_INTERFACES: FilterFields = {
    "addresses.association.public-ip": lambda each: [each.public_ip],
    "addresses.primary": lambda each: [address["Primary"] for address in each.private_ip_addresses],
    "addresses.private-ip-address": lambda each: [
        address["PrivateIpAddress"] for address in each.private_ip_addresses
    ],
    "association.allocation-id": lambda each: [eip.allocation_id for eip in _elastic_ips(each)],
    "association.association-id": lambda each: [eip.association_id for eip in _elastic_ips(each)],
    "association.public-ip": lambda each: [each.public_ip],
    "attachment.instance-owner-id": lambda each: [
        _SERVICE_OWNER if each.requester_managed else each.owner_id for _ in _attachments(each)
    ],
    "attachment.status": lambda each: ["attached" for _ in _attachments(each)],
    "group-name": lambda each: [group.name for group in each.group_set],
    "private-dns-name": lambda each: [getattr(each, "private_dns_name", None)],
    "requester-managed": lambda each: [each.requester_managed],
}
_SUBNETS: FilterFields = {
    "availability-zone-id": lambda each: [each.availability_zone_id],
    "available-ip-address-count": lambda each: [each.available_ip_address_count],
    "ipv6-cidr-block-association.association-id": lambda each: [
        block["associationId"] for block in each.ipv6_cidr_block_association_set
    ],
    "ipv6-cidr-block-association.ipv6-cidr-block": lambda each: [
        block["ipv6CidrBlock"] for block in each.ipv6_cidr_block_association_set
    ],
    "ipv6-cidr-block-association.state": lambda each: [
        block["ipv6CidrBlockState"]["State"] for block in each.ipv6_cidr_block_association_set
    ],
    "ipv6-native": lambda each: [each.ipv6_native],
    "map-public-ip-on-launch": lambda each: [each.map_public_ip_on_launch],
    "owner-id": lambda each: [each.owner_id],
    "subnet-arn": lambda each: [each.subnet_arn],
}
_ENDPOINTS: FilterFields = {"vpc-endpoint-id": lambda each: [each.id]}
_ACLS: FilterFields = {"network-acl-id": lambda each: [each.id]}


class DescriptionsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 that describes resources by filters.

    An error for unknown IDs names the first of them. moto's messages contain a Python set or list, which may
    include IDs that exist, and moto rejects an ID that a request repeats.
    """

    def get_vpc(self, vpc_id: str) -> Any:
        """Return a VPC."""
        if vpc_id not in self.vpcs:
            raise EC2ClientError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
        return self.vpcs[vpc_id]

    def describe_vpcs(self, vpc_ids: list[str] | None = None, filters: Filters | None = None) -> Any:
        """Return VPCs."""
        for vpc_id in vpc_ids or ():
            self.get_vpc(vpc_id)
        return super().describe_vpcs(_unique(vpc_ids), filters)

    def describe_subnets(self, subnet_ids: list[str] | None = None, filters: Filters | None = None) -> Any:
        """Return subnets."""
        for subnet_id in subnet_ids or ():
            self.get_subnet(subnet_id)
        own, rest = split_filters(filters, _SUBNETS)
        return apply_filters(super().describe_subnets(_unique(subnet_ids), rest), own, _SUBNETS)

    def describe_key_pairs(self, key_names: list[str], filters: Filters | None = None) -> Any:
        """Return key pairs."""
        for name in key_names or ():
            if name not in self.key_pairs:
                raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
        return super().describe_key_pairs(_unique(key_names), filters)

    def key_pair_with_id(self, key_pair_id: str) -> Any:
        """Return a key pair."""
        for each in self.key_pairs.values():
            if each.id == key_pair_id:
                return each
        raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair ID '{key_pair_id}' does not exist")

    def describe_nat_gateways(self, filters: Filters | None, nat_gateway_ids: list[str] | None) -> Any:
        """Return NAT gateways."""
        for gateway_id in nat_gateway_ids or ():
            if gateway_id not in self.nat_gateways:
                raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {gateway_id} was not found")
        return apply_filters(super().describe_nat_gateways(None, nat_gateway_ids), filters, _NAT_GATEWAYS)

    def describe_egress_only_internet_gateways(
        self, ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return egress-only internet gateways."""
        return apply_filters(super().describe_egress_only_internet_gateways(ids), filters, {})

    def describe_managed_prefix_lists(
        self, prefix_list_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return prefix lists of AWS and of the account."""
        return apply_filters(super().describe_managed_prefix_lists(prefix_list_ids), filters, _PREFIX_LISTS)

    def describe_availability_zones(
        self,
        filters: Filters | None = None,
        zone_names: list[str] | None = None,
        zone_ids: list[str] | None = None,
    ) -> Any:
        """Return the region's availability zones."""
        zones = super().describe_availability_zones(zone_names=zone_names, zone_ids=zone_ids)
        for zone in zones:
            _complete(zone)
        return apply_filters(zones, filters, _ZONES)

    def get_all_network_interfaces(
        self, eni_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return network interfaces."""
        own, rest = split_filters(filters, _INTERFACES)
        return apply_filters(super().get_all_network_interfaces(eni_ids, rest), own, _INTERFACES)

    def describe_vpc_endpoints(
        self, vpc_end_point_ids: list[str] | None, filters: Filters | None = None
    ) -> Any:
        """Return VPC endpoints."""
        own, rest = split_filters(filters, _ENDPOINTS)
        return apply_filters(super().describe_vpc_endpoints(vpc_end_point_ids, rest), own, _ENDPOINTS)

    def describe_vpc_endpoint_services(
        self, service_names: list[str], filters: list[dict[str, Any]], *arguments: Any, **options: Any
    ) -> Any:
        """Return the services that have endpoints. moto reads a filter's values from `Value`."""
        moto_filters = [{"Name": each["Name"], "Value": each.get("Values", [])} for each in filters]
        return super().describe_vpc_endpoint_services(service_names, moto_filters, *arguments, **options)

    def describe_network_acls(
        self, network_acl_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return network ACLs. moto's error for an unknown ID is that of route tables."""
        for acl_id in network_acl_ids or ():
            if acl_id not in self.network_acls:
                raise InvalidNetworkAclIdError(acl_id)
        own, rest = split_filters(filters, _ACLS)
        return apply_filters(super().describe_network_acls(_unique(network_acl_ids), rest), own, _ACLS)

    def describe_security_groups(
        self,
        group_ids: list[str] | None = None,
        groupnames: list[str] | None = None,
        filters: Filters | None = None,
    ) -> Any:
        """Return security groups."""
        groups = [group for in_vpc in list(self.groups.values()) for group in list(in_vpc.values())]
        for requested, key in ((group_ids or (), "id"), (groupnames or (), "name")):
            known = {getattr(group, key) for group in groups}
            for each in requested:
                if each not in known:
                    raise InvalidSecurityGroupNotFoundError(each)
        selected = [
            group
            for group in groups
            if (not group_ids or group.id in group_ids) and (not groupnames or group.name in groupnames)
        ]
        return apply_filters(selected, filters, GROUP_FILTERS)

    def describe_security_group_rules(self, sg_rule_ids: list[str], filters: Filters) -> Any:
        """Return security group rules."""
        own, rest = split_filters(filters, GROUP_RULE_FILTERS)
        malformed = {name: values for name, values in own.items() if name == "group-id"}
        super().describe_security_group_rules([], malformed)  # rejects malformed group IDs
        rules = super().describe_security_group_rules(sg_rule_ids, {})
        return apply_filters(rules, {**own, **rest}, GROUP_RULE_FILTERS)

    def describe_internet_gateways(
        self, internet_gateway_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return internet gateways."""
        ids = None if internet_gateway_ids is None else _unique(internet_gateway_ids)
        return apply_filters(super().describe_internet_gateways(ids), filters, _INTERNET_GATEWAYS)


def _complete(zone: Any) -> None:
    """Add the members of a zone's description that moto lacks."""
    zone.group_name = f"{zone.region_name}-zg-1"
    zone.group_long_name = f"{region_title(zone.region_name)} 1"
    zone.network_border_group = zone.region_name
    zone.opt_in_status = "opt-in-not-required"


def _unique(ids: list[str] | None) -> list[str]:
    """Return IDs without repetitions."""
    return list(dict.fromkeys(ids or ()))
