"""EC2 as moto has it, with AWS's rules about what may go before what."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidAvailabilityZoneError
from moto.ec2.models import ec2_backends
from moto.ec2.urls import url_bases

from vpcache.lab.aws.ec2.endpoints import EndpointsBackend
from vpcache.lab.aws.ec2.gateways import GatewaysBackend
from vpcache.lab.aws.ec2.interfaces import refuse_if
from vpcache.lab.aws.ec2.network_acls import NetworkAclsBackend
from vpcache.lab.aws.ec2.responses import DescriptionsBackend, Ec2Response
from vpcache.lab.aws.ec2.routes import RoutesBackend
from vpcache.lab.aws.ec2.security_groups import SecurityGroupsBackend
from vpcache.lab.aws.ec2.validation import canonical, check_vpc_range
from vpcache.lab.settings import Settings


class Ec2Backend(
    DescriptionsBackend,
    GatewaysBackend,
    RoutesBackend,
    SecurityGroupsBackend,
    NetworkAclsBackend,
    EndpointsBackend,
):
    """One region's EC2. It starts empty, without a default VPC."""

    def __init__(self, region_name: str, account_id: str, settings: Callable[[], Settings]) -> None:
        self.settings = settings
        self._is_starting = True
        super().__init__(region_name, account_id)
        self._is_starting = False

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=url_bases, url_paths={"{0}/": Ec2Response.dispatch})

    # VPCs and subnets

    def create_default_vpc(self) -> Any:
        """Make the default VPC, but only when asked to."""
        if self._is_starting:
            return None
        self.default_vpc = super().create_default_vpc()
        return self.default_vpc

    def create_vpc(self, cidr_block: str | None, *arguments: Any, **options: Any) -> Any:
        """Make a VPC; the members of its default security group may reach each other."""
        if not cidr_block:
            raise NotImplementedError("A VPC has an IPv4 range of its own here: give a CidrBlock.")
        check_vpc_range(cidr_block)
        if len(self.vpcs) >= self.settings().vpcs:
            raise EC2ClientError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
        vpc = super().create_vpc(canonical(cidr_block), *arguments, **options)
        default = self.get_default_security_group(vpc.id)
        self.authorize_security_group_ingress(
            default.id, "-1", None, None, [], source_groups=[{"GroupId": default.id}]
        )
        return vpc

    def associate_vpc_cidr_block(
        self, vpc_id: str, cidr_block: str | None, amazon_provided_ipv6_cidr_block: bool
    ) -> Any:
        """Give a VPC an IPv6 range; the lab's network knows one range of IPv4."""
        if cidr_block or not amazon_provided_ipv6_cidr_block:
            raise NotImplementedError(
                "A VPC has one IPv4 range here, and what IPv6 ranges it has are Amazon's: "
                f"{cidr_block or 'another one'} cannot be added."
            )
        return super().associate_vpc_cidr_block(vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)

    def delete_vpc(self, vpc_id: str) -> Any:
        """Delete an empty VPC with its default security group, network ACL and route table."""
        self.get_vpc(vpc_id)
        refuse_if(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.", self._inside(vpc_id))
        del self.groups[vpc_id]
        for acl_id in [acl.id for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
            del self.network_acls[acl_id]
        for table_id in [table.id for table in self.route_tables.values() if table.vpc_id == vpc_id]:
            del self.route_tables[table_id]  # the main one alone is left
        return super().delete_vpc(vpc_id)

    def create_subnet(
        self,
        vpc_id: str,
        cidr_block: str | None,
        ipv6_cidr_block: str | None = None,
        availability_zone: str | None = None,
        availability_zone_id: str | None = None,
        **options: Any,
    ) -> Any:
        """Make a subnet in a zone of the region, which is nobody's default unless its VPC is."""
        if not cidr_block:
            raise NotImplementedError("A subnet has an IPv4 range here: give a CidrBlock.")
        subnet = super().create_subnet(
            vpc_id,
            canonical(cidr_block),
            ipv6_cidr_block,
            self._zone_name(availability_zone, availability_zone_id),
            **options,
        )
        subnet.default_for_az = subnet.map_public_ip_on_launch = self.get_vpc(vpc_id).is_default
        return subnet

    def _zone_name(self, name: str | None, zone_id: str | None) -> str:
        """Return the zone that a name or an id means, the region's first one if there is neither."""
        zones = {zone.name: zone.zone_id for zone in self.describe_availability_zones()}
        known: list[str] = sorted(zones)
        meant = [each for each in known if name in (None, each) and zone_id in (None, zones[each])]
        if not meant:
            raise InvalidAvailabilityZoneError(name or zone_id, ", ".join(known))
        return meant[0]

    def delete_subnet(self, subnet_id: str) -> Any:
        """Delete a subnet without interfaces, and its associations."""
        self.get_subnet(subnet_id)
        refuse_if(
            f"The subnet '{subnet_id}' has dependencies and cannot be deleted.",
            self.interfaces_where(lambda each: each.subnet.id == subnet_id),
        )
        for table in self.route_tables.values():
            for association_id in [key for key, target in table._associations.items() if target == subnet_id]:
                del table._associations[association_id]
        for acl in self.network_acls.values():
            for key in [key for key, each in acl._associations.items() if each.subnet_id == subnet_id]:
                del acl._associations[key]
        return super().delete_subnet(subnet_id)

    def _inside(self, vpc_id: str) -> list[str]:
        gateway = self.attached_internet_gateway(vpc_id)
        return [
            *(each.id for each in self.describe_subnets() if each.vpc_id == vpc_id),
            *(each.id for each in self.groups[vpc_id].values() if not each.is_default),
            *(
                each.id
                for each in self.route_tables.values()
                if each.vpc_id == vpc_id and not each.main_association_id
            ),
            *self.interfaces_where(lambda each: each.vpc_id == vpc_id),
            *([gateway.id] if gateway else []),
            *(each.id for each in self.vpc_end_points.values() if each.vpc_id == vpc_id),
            *(each.id for each in self.network_acls.values() if each.vpc_id == vpc_id and not each.default),
            *(each.id for each in self.egress_only_internet_gateways.values() if each.vpc_id == vpc_id),
        ]


def backends_of(account_id: str) -> list[Ec2Backend]:
    """Return EC2 of one account in each region where it was ever called."""
    return list(ec2_backends[account_id].values())


def backend_of(account_id: str, region: str) -> Ec2Backend:
    """Return EC2 of one account in one region."""
    backend: Ec2Backend = ec2_backends[account_id][region]
    return backend
