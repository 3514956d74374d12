"""EC2 as moto has it, with addresses that mean something and AWS's rules about what may go before what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from types import SimpleNamespace
from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
    ResourceAlreadyAssociatedError,
    VPCIdNotSpecifiedError,
)
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_bases
from moto.ec2.utils import random_nat_gateway_id

from vpcache.lab.control.endpoints import EndpointsBackend

PUBLIC_RANGE = IPv4Network("203.0.113.0/24")  # TEST-NET-3 of RFC 5737: elastic IPs
_FIRST_PUBLIC = 10  # those below are for what the lab itself needs on that range
_RESERVED = 4  # AWS keeps the first four addresses of a subnet, and the last


class ManagedInterface(NetworkInterface):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A network interface that an AWS service made for itself; its user can neither detach nor delete it."""

    def __init__(
        self, backend: Ec2Backend, *, interface_type: str, requester_id: str, **options: Any
    ) -> None:
        super().__init__(backend, **options)
        self.interface_type = interface_type
        self.requester_id = requester_id
        self.requester_managed = True
        self.status = "in-use"
        self.attachment_id = self.id.replace("eni-", "ela-attach-")

    @property
    def attachment(self) -> dict[str, Any]:
        """What it is attached to: something of AWS's own."""
        return {
            "AttachmentId": self.attachment_id,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        }


class NatGateway(TaggedEC2Resource):  # type: ignore[misc]
    """A NAT gateway. Failed and deleted ones have no interface."""

    def __init__(
        self, backend: Ec2Backend, subnet: Any, connectivity_type: str, tags: dict[str, str]
    ) -> None:
        self.ec2_backend = backend
        self.id: str = random_nat_gateway_id()
        self.subnet_id: str = subnet.id
        self.vpc_id: str = subnet.vpc_id
        self.connectivity_type = connectivity_type
        self.create_time = iso_8601_datetime_with_milliseconds(utcnow())
        self.state = "available"
        self.failure_code: str | None = None
        self.failure_message: str | None = None
        self.interface: ManagedInterface | None = None
        self.nat_gateway_addresses: list[dict[str, Any]] = []
        self.add_tags(tags)


class Rule(SecurityGroupRule):  # type: ignore[misc]
    """A rule whose description shows whatever its peer is, and whose identity does not depend on it."""

    @property
    def description(self) -> str | None:
        """The rule's description."""
        text: str | None = self.ip_range.get("Description") or self.source_group.get("Description")
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self._identity() == other._identity()

    __hash__ = None  # type: ignore[assignment]  # rules change in place

    def _identity(self) -> tuple[Any, ...]:
        ports = (None, None) if self.ip_protocol == "-1" else (self.from_port, self.to_port)
        peer = (self.cidr_ipv4, self.cidr_ipv6, self.source_group.get("GroupId"), self.prefix_list_id)
        return (self.ip_protocol, *ports, *peer)


class Ec2Backend(EndpointsBackend):
    """One region's EC2. It starts empty, without a default VPC."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._is_starting = True
        super().__init__(region_name, account_id)
        self._is_starting = False

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=url_bases, url_paths={"{0}/": EC2Response.dispatch})

    # VPCs and subnets

    def create_default_vpc(self) -> Any:
        """Make the default VPC, but only when asked to."""
        if self._is_starting:
            return None
        self.default_vpc = super().create_default_vpc()
        return self.default_vpc

    def create_vpc(self, cidr_block: str, *arguments: Any, **options: Any) -> Any:
        """Make a VPC; the members of its default security group may reach each other."""
        vpc = super().create_vpc(cidr_block, *arguments, **options)
        default = self.get_default_security_group(vpc.id)
        self.authorize_security_group_ingress(
            default.id, "-1", None, None, [], source_groups=[{"GroupId": default.id}]
        )
        return vpc

    def delete_vpc(self, vpc_id: str) -> Any:
        """Delete an empty VPC with its default security group and network ACL."""
        self.get_vpc(vpc_id)
        self._refuse_if(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.", self._inside(vpc_id))
        del self.groups[vpc_id]
        for acl_id in [acl.id for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
            del self.network_acls[acl_id]
        return super().delete_vpc(vpc_id)

    def create_subnet(self, vpc_id: str, *arguments: Any, **options: Any) -> Any:
        """Make a subnet, which is nobody's default unless its VPC is."""
        subnet = super().create_subnet(vpc_id, *arguments, **options)
        subnet.default_for_az = subnet.map_public_ip_on_launch = self.get_vpc(vpc_id).is_default
        return subnet

    def delete_subnet(self, subnet_id: str) -> Any:
        """Delete a subnet without interfaces, and its associations."""
        self.get_subnet(subnet_id)
        self._refuse_if(
            f"The subnet '{subnet_id}' has dependencies and cannot be deleted.",
            self._interfaces(lambda each: each.subnet.id == subnet_id),
        )
        for table in self.route_tables.values():
            for association_id in [key for key, target in table._associations.items() if target == subnet_id]:
                del table._associations[association_id]
        for acl in self.network_acls.values():
            for key in [key for key, each in acl._associations.items() if each.subnet_id == subnet_id]:
                del acl._associations[key]
        return super().delete_subnet(subnet_id)

    # gateways and routes

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """Detach an internet gateway that no public address of the VPC needs."""
        self._refuse_if(
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
            self._interfaces(lambda each: each.public_ip and each.vpc_id == vpc_id),
        )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)

    def create_nat_gateway(
        self,
        subnet_id: str,
        allocation_id: str | None,
        tags: dict[str, str] | None = None,
        connectivity_type: str | None = None,
    ) -> NatGateway:
        """Make a NAT gateway; as on AWS it fails, without an error, in a VPC without internet gateway."""
        subnet = self.get_subnet(subnet_id)
        connectivity_type = connectivity_type or "public"
        is_public = connectivity_type == "public"
        if is_public and not allocation_id:
            raise EC2ClientError("MissingParameter", "The request must include the AllocationId parameter.")
        if is_public and self.address_by_allocation([allocation_id])[0].association_id:
            raise ResourceAlreadyAssociatedError(allocation_id)
        gateway = NatGateway(self, subnet, connectivity_type, tags or {})
        self.nat_gateways[gateway.id] = gateway
        if is_public and not self.attached_internet_gateway(subnet.vpc_id):
            gateway.state = "failed"
            gateway.failure_code = "Gateway.NotAttached"
            gateway.failure_message = f"Network {subnet.vpc_id} has no Internet gateway attached"
            return gateway
        interface = self.create_managed_interface(
            subnet, "nat_gateway", f"Interface for NAT Gateway {gateway.id}", requester_id="amazon-nat"
        )
        gateway.interface = interface
        address = {
            "IsPrimary": True,
            "NetworkInterfaceId": interface.id,
            "PrivateIp": interface.private_ip_address,
            "Status": "succeeded",
        }
        if is_public:
            eip = self.associate_address(eni=interface, allocation_id=allocation_id)
            address |= {
                "AllocationId": eip.allocation_id,
                "AssociationId": eip.association_id,
                "PublicIp": eip.public_ip,
            }
        gateway.nat_gateway_addresses = [address]
        return gateway

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """Delete a NAT gateway; its elastic IP stays, free."""
        gateway = self._nat_gateway(nat_gateway_id)
        if gateway.interface:
            interface, gateway.interface = gateway.interface, None
            if interface.public_ip:
                super().disassociate_address(address=interface.public_ip)
            self.free_managed_interface(interface.id)
        gateway.state = "deleted"
        return gateway

    def create_route(self, *arguments: Any, **options: Any) -> Any:
        """Make a route; its NAT gateway must exist."""
        if options.get("nat_gateway_id"):
            self._nat_gateway(options["nat_gateway_id"])
        return super().create_route(*arguments, **options)

    def attached_internet_gateway(self, vpc_id: str) -> Any | None:
        """Return the internet gateway attached to a VPC, if any."""
        attached = (each for each in self.internet_gateways.values() if each.vpc and each.vpc.id == vpc_id)
        return next(attached, None)

    # addresses and interfaces

    def allocate_address(self, domain: str, address: str | None = None, tags: Any = None) -> Any:
        """Allocate the lowest free elastic IP of the public range, or the free one that is asked for."""
        taken = {each.public_ip for each in self.addresses}
        free = [str(each) for each in list(PUBLIC_RANGE)[_FIRST_PUBLIC:-1] if str(each) not in taken]
        if address and address not in free:
            raise EC2ClientError("InvalidAddress.NotFound", f"Address '{address}' cannot be had.")
        if not free:
            raise EC2ClientError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        return super().allocate_address(domain, address or free[0], tags)

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """Free an elastic IP, unless a service holds it."""
        found = self.address_by_ip([address]) if address else self.address_by_association([association_id])
        if isinstance(found[0].eni, ManagedInterface):
            raise EC2ClientError(
                "AuthFailure",
                f"You do not have permission to access the specified resource: "
                f"{found[0].public_ip} belongs to {found[0].eni.description}.",
            )
        super().disassociate_address(address, association_id)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """Give back an elastic IP that nothing uses."""
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        if found[0].association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        super().release_address(address, allocation_id)

    def create_network_interface(
        self,
        subnet: Any,
        private_ip_address: Any,
        private_ip_addresses: Any = None,
        group_ids: Any = None,
        description: Any = None,
        tags: Any = None,
        **options: Any,
    ) -> Any:
        """Make an interface whose addresses are in its subnet and its own."""
        if isinstance(subnet, str):
            subnet = self.get_subnet(subnet)
        self._check_groups(subnet, group_ids or [])
        wanted = [private_ip_address] if private_ip_address else []
        wanted += [each["PrivateIpAddress"] for each in private_ip_addresses or []]
        secondary = int(options.pop("secondary_ips_count", None) or 0)
        addresses = self._choose_addresses(subnet, list(dict.fromkeys(wanted)), secondary)
        return super().create_network_interface(
            subnet, addresses[0], _address_list(addresses), group_ids, description, tags, **options
        )

    def create_managed_interface(
        self,
        subnet: Any,
        interface_type: str,
        description: str,
        *,
        requester_id: str,
        group_ids: Iterable[str] = (),
        secondary: int = 0,
    ) -> ManagedInterface:
        """Make an interface on behalf of an AWS service."""
        addresses = self._choose_addresses(subnet, [], secondary)
        interface = ManagedInterface(
            self,
            interface_type=interface_type,
            requester_id=requester_id,
            subnet=subnet,
            private_ip_address=addresses[0],
            private_ip_addresses=_address_list(addresses),
            group_ids=list(group_ids),
            description=description,
        )
        if interface_type == "nat_gateway":
            interface._group_set = []  # groups do not apply to NAT gateways
        self.enis[interface.id] = interface
        return interface

    def free_managed_interface(self, interface_id: str) -> None:
        """Delete an interface that its service no longer needs."""
        super().delete_network_interface(interface_id)

    def delete_network_interface(self, eni_id: str) -> None:
        """Delete an interface that its user made."""
        interface = self.get_network_interface(eni_id)
        if isinstance(interface, ManagedInterface):
            raise EC2ClientError(
                "OperationNotPermitted",
                f"You are not allowed to delete '{eni_id}': it is the {interface.description}.",
            )
        if interface.public_ip:
            super().disassociate_address(address=interface.public_ip)
        super().delete_network_interface(eni_id)

    def detach_network_interface(self, attachment_id: str) -> None:
        """Detach an interface that its user attached."""
        for interface in self.enis.values():
            if interface.attachment_id == attachment_id and isinstance(interface, ManagedInterface):
                raise EC2ClientError(
                    "OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments."
                )
        super().detach_network_interface(attachment_id)

    def assign_private_ip_addresses(
        self, eni_id: str, private_ip_addresses: Any = None, secondary_ips_count: int | None = None
    ) -> Any:
        """Add secondary addresses to an interface."""
        interface = self.get_network_interface(eni_id)
        added = self._choose_addresses(
            interface.subnet, list(private_ip_addresses or []), secondary_ips_count or 0, primary=False
        )
        return super().assign_private_ip_addresses(eni_id, added)

    # security groups

    def create_security_group(
        self, name: str, description: str, vpc_id: str | None = None, *arguments: Any, **options: Any
    ) -> Any:
        """Make a security group; without a VPC it needs a default one."""
        if not vpc_id and not self.default_vpc:
            raise VPCIdNotSpecifiedError
        group = super().create_security_group(name, description, vpc_id, *arguments, **options)
        group.egress_rules = []
        self.authorize_security_group_egress(group.id, "-1", None, None, [{"CidrIp": "0.0.0.0/0"}])
        return group

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a security group that no interface and no other group's rule names."""
        group = self.get_security_group_by_name_or_id(group_id or name)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id or name)
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        self._refuse_if(
            f"resource {group.id} has a dependent object",
            [
                *self._interfaces(lambda each: group in each.group_set),
                *(other.id for other in self._groups() if other is not group and _names(other, group.id)),
            ],
        )
        self._delete_security_group(group.vpc_id, group.id)

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """Change rules in place, whatever their peer is."""
        group = self.get_security_group_from_id(group_id)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id)
        for rule_id, wanted in rules.items():
            current = group.get_rule(rule_id)
            if not current:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            changed = next(self._rules_of(group_id, wanted, is_egress=current.is_egress))
            for name in ("ip_protocol", "from_port", "to_port", "ip_range", "source_group", "prefix_list_id"):
                setattr(current, name, getattr(changed, name))

    def _rules_of(self, group_id: str, wanted: dict[str, Any], *, is_egress: bool) -> Iterator[Rule]:
        note = {"Description": wanted["Description"]} if wanted.get("Description") else {}
        ranges = [
            {ours: wanted[theirs]} | note
            for ours, theirs in (("CidrIp", "CidrIpv4"), ("CidrIpv6", "CidrIpv6"))
            if wanted.get(theirs)
        ]
        groups = [{"GroupId": wanted["ReferencedGroupId"]} | note] if wanted.get("ReferencedGroupId") else []
        prefixes = [{"PrefixListId": wanted["PrefixListId"]} | note] if wanted.get("PrefixListId") else []
        if len(ranges) + len(groups) + len(prefixes) != 1:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified.",
            )
        return self._iterate_security_rules(
            wanted.get("IpProtocol"),
            group_id,
            wanted.get("FromPort"),
            wanted.get("ToPort"),
            ranges,
            self._add_source_group(groups, None),
            prefixes,
            is_egress=is_egress,
        )

    def _iterate_security_rules(
        self,
        ip_protocol: Any,
        group_id: str,
        from_port: Any,
        to_port: Any,
        ip_ranges: list[Any],
        source_groups: list[dict[str, Any]],
        prefix_list_ids: list[dict[str, str]],
        is_egress: bool = False,
        tags: dict[str, str] | None = None,
    ) -> Iterator[Rule]:
        peers = [
            *((each, None, None) for each in ip_ranges or []),
            *((None, each, None) for each in source_groups),
            *((None, None, each) for each in prefix_list_ids),
        ]
        for ip_range, source_group, prefix_list in peers:
            yield Rule(
                self,
                ip_protocol,
                group_id,
                from_port,
                to_port,
                ip_range,
                source_group,
                prefix_list,
                is_egress=is_egress,
                tags=tags,
            )

    # what stands in the way of what

    def _refuse_if(self, message: str, dependents: Iterable[str]) -> None:
        names = ", ".join(dependents)
        if names:
            raise DependencyViolationError(f"{message} In use by: {names}.")

    def _interfaces(self, matches: Callable[[Any], Any]) -> list[str]:
        return [each.id for each in self.enis.values() if matches(each)]

    def _groups(self) -> Iterator[Any]:
        for groups in self.groups.values():
            yield from groups.values()

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
            *self._interfaces(lambda each: each.vpc_id == vpc_id),
            *([gateway.id] if gateway else []),
        ]

    def _nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        gateway = self.nat_gateways.get(nat_gateway_id)
        if not gateway:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        found: NatGateway = gateway
        return found

    def _check_groups(self, subnet: Any, group_ids: Iterable[str]) -> None:
        for group_id in group_ids:
            group = self.get_security_group_from_id(group_id)
            if not group:
                raise InvalidSecurityGroupNotFoundError(group_id)
            if group.vpc_id != subnet.vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Security group {group_id} and subnet {subnet.id} belong to different networks.",
                )

    def _choose_addresses(
        self, subnet: Any, wanted: list[str], more: int, *, primary: bool = True
    ) -> list[str]:
        """Return the wanted addresses, checked, with the lowest free ones for those not named."""
        network = IPv4Network(subnet.cidr_block)
        usable = range(int(network.network_address) + _RESERVED, int(network.broadcast_address))
        taken = {
            int(IPv4Address(each["PrivateIpAddress"]))
            for interface in self.enis.values()
            if interface.subnet.id == subnet.id
            for each in interface.private_ip_addresses
        }
        for address in wanted:
            if int(IPv4Address(address)) not in usable:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {address} does not fall within {subnet.cidr_block}"
                )
            if int(IPv4Address(address)) in taken:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")
        missing = more + (1 if primary and not wanted else 0)
        taken |= {int(IPv4Address(address)) for address in wanted}
        free = [str(IPv4Address(each)) for each in usable if each not in taken][:missing]
        if len(free) < missing:
            raise EC2ClientError(
                "InsufficientFreeAddressesInSubnet",
                f"Insufficient free addresses in subnet '{subnet.id}'.",
            )
        return wanted + free


def _address_list(addresses: list[str]) -> list[dict[str, Any]]:
    return [{"Primary": at == 0, "PrivateIpAddress": address} for at, address in enumerate(addresses)]


def _names(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


def backend_of(account_id: str, region: str) -> Ec2Backend:
    """Return EC2 of one account in one region."""
    backend: Ec2Backend = ec2_backends[account_id][region]
    return backend
