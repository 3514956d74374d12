"""EC2: moto's backend with AWS's rules for creation and deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.ec2.descriptions import DescriptionsBackend
from vpcache.lab.aws.ec2.endpoints import EndpointsBackend
from vpcache.lab.aws.ec2.gateways import GatewaysBackend
from vpcache.lab.aws.ec2.interfaces import ensure_unused
from vpcache.lab.aws.ec2.network_acls import NetworkAclsBackend
from vpcache.lab.aws.ec2.routes import RoutesBackend
from vpcache.lab.aws.ec2.security_groups import SecurityGroupsBackend
from vpcache.lab.aws.ec2.validation import (
    canonical_cidr,
    check_subnet_cidr,
    check_vpc_cidr,
    invalid_parameter,
)
from vpcache.lab.aws.ec2.vpcs.cidr_blocks import CidrBlocksBackend
from vpcache.lab.aws.ec2.vpcs.default_vpc import DefaultVpcBackend
from vpcache.lab.aws.ec2.vpcs.dhcp_options import DhcpOptionsBackend
from vpcache.lab.aws.ec2.vpcs.prefix_lists import PrefixListsBackend
from vpcache.lab.aws.ec2.vpcs.vpn_gateways import VpnGatewaysBackend
from vpcache.lab.settings import LabSettings

_HOSTNAME_TYPES = ("ip-name", "resource-name")
_SUBNET_OPTIONS = {
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
    "PrivateDnsHostnameTypeOnLaunch": "HostnameType",
}
"""Parameters of ModifySubnetAttribute, and their names in a subnet's PrivateDnsNameOptionsOnLaunch."""


class Ec2Backend(
    DescriptionsBackend,
    GatewaysBackend,
    RoutesBackend,
    SecurityGroupsBackend,
    NetworkAclsBackend,
    EndpointsBackend,
    VpnGatewaysBackend,
    DefaultVpcBackend,
    CidrBlocksBackend,
    DhcpOptionsBackend,
    PrefixListsBackend,
):
    """EC2 of one region. It starts empty, without a default VPC."""

    def __init__(
        self, region_name: str, account_id: str, *, urls: UrlModule, settings: Callable[[], LabSettings]
    ) -> None:
        self._urls = urls
        self.settings = settings
        self.answers: dict[tuple[str, str], Any] = {}  # by action and client token: parameters and answer
        self._is_starting = True
        super().__init__(region_name, account_id)
        self._is_starting = False

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    # VPCs and subnets

    def create_default_vpc(self) -> Any:
        """Create the default VPC, only by an explicit call."""
        if self._is_starting:
            return None
        self.default_vpc = super().create_default_vpc()
        return self.default_vpc

    def create_vpc(self, cidr_block: str | None, *arguments: Any, **options: Any) -> Any:
        """Create a VPC; its default security group allows traffic between its members."""
        if not cidr_block:
            raise NotImplementedError("IPAM pools for VPCs are not emulated: set CidrBlock.")
        check_vpc_cidr(cidr_block)
        if len(self.vpcs) >= self.settings().vpcs:
            raise EC2ClientError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
        vpc = super().create_vpc(canonical_cidr(cidr_block), *arguments, **options)
        for association in vpc.ipv6_cidr_block_association_set:
            vpc._cidr_block_association_set[association["association_id"]]["network_border_group"] = (
                association["ipv6_cidr_block_network_border_group"]
            )
        default = self.get_default_security_group(vpc.id)
        self.authorize_security_group_ingress(
            default.id, "-1", None, None, [], source_groups=[{"GroupId": default.id}]
        )
        return vpc

    def delete_vpc(self, vpc_id: str) -> Any:
        """Delete an empty VPC with its default security group, network ACL and route table."""
        self.get_vpc(vpc_id)
        ensure_unused(
            f"The vpc '{vpc_id}' has dependencies and cannot be deleted.", self._vpc_dependents(vpc_id)
        )
        del self.groups[vpc_id]
        for acl_id in [acl.id for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
            del self.network_acls[acl_id]
        for table_id in [table.id for table in self.route_tables.values() if table.vpc_id == vpc_id]:
            del self.route_tables[table_id]  # only the main table is left
        deleted = super().delete_vpc(vpc_id)
        self.default_vpc = self.get_default_vpc()
        return deleted

    def create_subnet(
        self,
        vpc_id: str,
        cidr_block: str | None,
        ipv6_cidr_block: str | None = None,
        availability_zone: str | None = None,
        availability_zone_id: str | None = None,
        **options: Any,
    ) -> Any:
        """Create a subnet in a zone of the region; it is no default subnet."""
        is_ipv6_only = bool(options.get("ipv6_native"))
        if is_ipv6_only == bool(cidr_block) or (is_ipv6_only and not ipv6_cidr_block):
            raise EC2ClientError(
                "InvalidParameterCombination",
                "A subnet needs CidrBlock; with Ipv6Native, it needs Ipv6CidrBlock and no CidrBlock.",
            )
        if cidr_block:
            check_subnet_cidr(cidr_block)
        if ipv6_cidr_block:
            ipv6_cidr_block = self.checked_subnet_ipv6_cidr(vpc_id, ipv6_cidr_block)
        subnet = super().create_subnet(
            vpc_id,
            canonical_cidr(cidr_block) if cidr_block else None,
            ipv6_cidr_block,
            self._zone_name(availability_zone, availability_zone_id),
            **options,
        )
        subnet.enable_dns64 = False
        if is_ipv6_only:
            subnet.private_dns_name_options_on_launch["HostnameType"] = "resource-name"
            subnet._available_ip_addresses = 0  # of IPv4
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet

    def _zone_name(self, name: str | None, zone_id: str | None) -> str:
        """Return the zone with this name or ID, the region's first zone if neither is set."""
        if name and zone_id:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "The parameter AvailabilityZone cannot be used with the parameter AvailabilityZoneId.",
            )
        zones = {zone.name: zone.zone_id for zone in self.describe_availability_zones()}
        names: list[str] = sorted(zones)
        if zone_id:
            matches = [each for each in names if zones[each] == zone_id]
            parameter, choices = "availabilityZoneId", sorted(zones.values())
        else:
            matches = [each for each in names if name in (None, each)]
            parameter, choices = "availabilityZone", names
        if not matches:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ({zone_id or name}) for parameter {parameter} is invalid. Subnets can currently only "
                f"be created in the following availability zones: {', '.join(choices)}.",
            )
        return matches[0]

    def modify_subnet_attribute(self, subnet_id: str, attr_name: str, attr_value: Any) -> None:
        """Change an attribute of a subnet."""
        if attr_name == "EnableDns64":
            self.get_subnet(subnet_id).enable_dns64 = attr_value  # a record
            return
        if attr_name not in _SUBNET_OPTIONS:
            super().modify_subnet_attribute(subnet_id, attr_name, attr_value)
            return
        options = self.get_subnet(subnet_id).private_dns_name_options_on_launch
        if attr_name == "PrivateDnsHostnameTypeOnLaunch" and attr_value not in _HOSTNAME_TYPES:
            raise invalid_parameter(attr_name, attr_value)
        options[_SUBNET_OPTIONS[attr_name]] = attr_value

    def delete_subnet(self, subnet_id: str) -> Any:
        """Delete a subnet without interfaces, and its associations."""
        self.get_subnet(subnet_id)
        ensure_unused(
            f"The subnet '{subnet_id}' has dependencies and cannot be deleted.",
            self.interface_ids_where(lambda each: each.subnet.id == subnet_id),
        )
        for table in self.route_tables.values():
            for association_id in [key for key, target in table._associations.items() if target == subnet_id]:
                del table._associations[association_id]
        for acl in self.network_acls.values():
            for key in [key for key, each in acl._associations.items() if each.subnet_id == subnet_id]:
                del acl._associations[key]
        return super().delete_subnet(subnet_id)

    def _vpc_dependents(self, vpc_id: str) -> list[str]:
        """Return the IDs of the resources that block the deletion of a VPC."""
        gateways = [self.attached_internet_gateway(vpc_id), self.attached_vpn_gateway(vpc_id)]
        return [
            *(each.id for each in self.describe_subnets() if each.vpc_id == vpc_id),
            *(each.id for each in self.groups[vpc_id].values() if not each.is_default),
            *(
                each.id
                for each in self.route_tables.values()
                if each.vpc_id == vpc_id and not each.main_association_id
            ),
            *self.interface_ids_where(lambda each: each.vpc_id == vpc_id),
            *(each.id for each in gateways if each),
            *(each.id for each in self.vpc_end_points.values() if each.vpc_id == vpc_id),
            *(each.id for each in self.network_acls.values() if each.vpc_id == vpc_id and not each.default),
            *(each.id for each in self.egress_only_internet_gateways.values() if each.vpc_id == vpc_id),
        ]


def ec2_of_all_regions(account_id: str) -> list[Ec2Backend]:
    """Return EC2 of one account in each region that has been called."""
    return list(ec2_backends[account_id].values())


def ec2_of(account_id: str, region: str) -> Ec2Backend:
    """Return EC2 of one account in one region."""
    backend: Ec2Backend = ec2_backends[account_id][region]
    return backend
