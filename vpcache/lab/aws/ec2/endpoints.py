"""VPC endpoints: interface endpoints in subnets, gateway endpoints in route tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
from moto.ec2.models import EC2Backend
from moto.ec2.utils import random_vpc_ep_id
from moto.moto_api._internal import mock_random

from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.aws.ec2.vpcs.endpoint_rules import (
    INTERFACE_POLICY,
    InterfaceEndpoint,
    check_private_dns,
    check_route_tables,
)
from vpcache.lab.aws.policies.documents import PolicyError, PolicyKind, parse
from vpcache.lab.settings import LabSettings

_SERVICE_NAME = re.compile(r"com\.amazonaws\.([a-z0-9-]+)\.([a-z0-9.-]+)")


class EndpointsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for VPC endpoints."""

    settings: Callable[[], LabSettings]

    def create_default_pls(self) -> None:
        """Create AWS's prefix lists, with the addresses of the services that the lab serves."""
        super().create_default_pls()
        for prefix_list in self.managed_prefix_lists.values():
            match = _SERVICE_NAME.fullmatch(prefix_list.prefix_list_name)
            if match and match[2] in SERVICE_ADDRESSES:
                entry = {"Cidr": f"{SERVICE_ADDRESSES[match[2]]}/32", "Description": "default"}
                prefix_list.entries = {version: [entry] for version in prefix_list.entries}

    def create_vpc_endpoint(
        self,
        vpc_id: str,
        service_name: str,
        endpoint_type: str | None,
        policy_document: str | None,
        route_table_ids: list[str],
        subnet_ids: list[str] | None = None,
        network_interface_ids: list[str] | None = None,
        dns_entries: dict[str, str] | None = None,
        client_token: str | None = None,
        security_group_ids: list[str] | None = None,
        tags: dict[str, str] | None = None,
        private_dns_enabled: bool | None = None,
        *,
        addresses: Mapping[str, str] | None = None,
    ) -> Any:
        """Create a gateway endpoint (the default) or an interface endpoint with an interface per subnet.

        `addresses` are requested addresses of the interfaces, by subnet.
        """
        vpc = self.get_vpc(vpc_id)
        _check_policy(policy_document)
        service = service_of(service_name, self.region_name)
        if (endpoint_type or "Gateway") == "Gateway":
            if service not in SERVICE_ADDRESSES:
                raise EC2ClientError(
                    "InvalidParameter",
                    "Endpoint type (Gateway) does not match available service types ([Interface]).",
                )
            check_route_tables(self, vpc_id, service_name, route_table_ids)
            endpoint = super().create_vpc_endpoint(
                vpc_id, service_name, "Gateway", policy_document, route_table_ids, tags=tags
            )
            return self._completed(endpoint)
        if endpoint_type != "Interface":
            raise EC2ClientError(
                "InvalidParameter", f"Endpoints of type {endpoint_type} are not emulated by the lab."
            )
        groups = security_group_ids or [self.get_default_security_group(vpc_id).id]
        endpoint_id = random_vpc_ep_id()
        subnets = self._subnets_of(vpc_id, subnet_ids or [])
        _check_zones(subnets)
        has_private_dns = private_dns_enabled is not False
        if has_private_dns:
            check_private_dns(self, vpc, service_name)
        endpoint = InterfaceEndpoint(
            self,
            endpoint_id,
            vpc_id,
            service_name,
            "Interface",
            policy_document or json.dumps(INTERFACE_POLICY),
            [],
            [subnet.id for subnet in subnets],
            self._create_endpoint_interfaces(endpoint_id, subnets, groups, addresses or {}),
            [_dns_entry(endpoint_id, service_name)],
            client_token,
            groups,
            tags,
            has_private_dns,
        )
        endpoint.ip_address_type, endpoint.dns_options = "ipv4", {"DnsRecordIpType": "ipv4"}
        endpoint.transition.begin("pending", self.settings().transition_ms)
        self.vpc_end_points[endpoint.id] = endpoint
        return self._completed(endpoint)

    def _completed(self, endpoint: Any) -> Any:
        """Return an endpoint with the members of its description that moto lacks."""
        endpoint.requester_managed, endpoint.service_region = False, self.region_name
        return endpoint

    def _subnets_of(self, vpc_id: str, subnet_ids: list[str]) -> list[Any]:
        """Return subnets of a VPC. Raises EC2ClientError for other subnets."""
        subnets = [self.get_subnet(each) for each in subnet_ids]
        if any(subnet.vpc_id != vpc_id for subnet in subnets):
            raise EC2ClientError("InvalidParameter", f"The subnets do not all belong to {vpc_id}.")
        return subnets

    def _create_endpoint_interfaces(
        self, endpoint_id: str, subnets: list[Any], group_ids: list[str], addresses: Mapping[str, str]
    ) -> list[str]:
        for subnet in subnets:
            self.check_address(subnet, addresses.get(subnet.id))
        return [
            self.create_managed_interface(
                subnet,
                "vpc_endpoint",
                f"VPC Endpoint Interface {endpoint_id}",
                requester_id="amazon-vpce",
                group_ids=group_ids,
                address=addresses.get(subnet.id),
            ).id
            for subnet in subnets
        ]

    def modify_vpc_endpoint(
        self,
        vpc_id: str,
        policy_doc: str,
        add_subnets: list[str] | None,
        remove_subnets: list[str] | None,
        remove_route_tables: list[str] | None,
        add_route_tables: list[str] | None,
        add_security_groups: list[str] | None,
        remove_security_groups: list[str] | None,
        *,
        private_dns_enabled: bool | None = None,
        reset_policy: bool = False,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        """Change a gateway endpoint's route tables, an interface endpoint's subnets, groups or names, or the
        policy.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
        """
        endpoint = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])[0]
        is_interface = endpoint.vpc_endpoint_type == "Interface"
        if policy_doc and reset_policy:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "The parameter PolicyDocument cannot be used with the parameter ResetPolicy.",
            )
        _check_policy(policy_doc)
        if private_dns_enabled is not None and not is_interface:
            raise EC2ClientError(
                "InvalidParameter",
                f"PrivateDnsEnabled is for interface endpoints, and {endpoint.id} is a gateway endpoint.",
            )
        added, removed = self._changed_subnets(endpoint, add_subnets or [], remove_subnets or [])
        if addresses and not {*addresses} <= {subnet.id for subnet in added}:
            raise NotImplementedError(
                "The address of an existing interface of an endpoint cannot be changed."
            )
        check_route_tables(self, endpoint.vpc_id, endpoint.service_name, add_route_tables or ())
        for group_id in add_security_groups or []:
            if not self.get_security_group_from_id(group_id):
                raise InvalidSecurityGroupNotFoundError(group_id)
        remaining = {*endpoint.security_group_ids, *(add_security_groups or ())}
        if is_interface and not remaining - {*(remove_security_groups or ())}:
            raise EC2ClientError(
                "InvalidParameter",
                f"An interface endpoint needs a security group; {endpoint.id} would have none.",
            )
        if private_dns_enabled and not endpoint.private_dns_enabled:
            check_private_dns(self, self.get_vpc(endpoint.vpc_id), endpoint.service_name, endpoint.id)
        if private_dns_enabled is not None:
            endpoint.private_dns_enabled = private_dns_enabled
        endpoint.modify(
            json.dumps(endpoint.DEFAULT_POLICY) if reset_policy else policy_doc,
            [subnet.id for subnet in added],
            removed,
            add_route_tables,
            remove_route_tables,
            add_security_groups,
            remove_security_groups,
        )
        prefix_list = endpoint.destination_prefix_list_id
        for table in add_route_tables or []:
            self.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
        for table in remove_route_tables or []:
            self.delete_route(table, prefix_list)
        self._move_endpoint_interfaces(endpoint, added, removed, addresses or {})
        for interface_id in endpoint.network_interface_ids:
            self.modify_network_interface_attribute(interface_id, endpoint.security_group_ids)

    def _changed_subnets(
        self, endpoint: Any, added: list[str], removed: list[str]
    ) -> tuple[list[Any], list[str]]:
        """Return the subnets that an endpoint gets, and the IDs of those that it loses."""
        if (added or removed) and endpoint.vpc_endpoint_type != "Interface":
            raise EC2ClientError(
                "InvalidParameter", f"Subnets are for interface endpoints, and {endpoint.id} is none."
            )
        for subnet_id in removed:
            if self.get_subnet(subnet_id).id not in endpoint.subnet_ids:
                raise EC2ClientError("InvalidParameter", f"{endpoint.id} has no interface in {subnet_id}.")
        new = self._subnets_of(endpoint.vpc_id, [each for each in added if each not in endpoint.subnet_ids])
        kept = [self.get_subnet(each) for each in endpoint.subnet_ids or () if each not in removed]
        _check_zones([*kept, *new])
        return new, removed

    def _move_endpoint_interfaces(
        self, endpoint: Any, added: list[Any], removed: list[str], addresses: Mapping[str, str]
    ) -> None:
        """Create interfaces in the subnets that an endpoint gets, and delete those in the ones it loses."""
        for interface_id in list(endpoint.network_interface_ids):
            if self.get_network_interface(interface_id).subnet.id in removed:
                endpoint.network_interface_ids.remove(interface_id)
                self.delete_managed_interface(interface_id)
        endpoint.network_interface_ids += self._create_endpoint_interfaces(
            endpoint.id, added, endpoint.security_group_ids, addresses
        )

    def delete_vpc_endpoints(self, vpce_ids: list[str] | None = None) -> None:
        """Delete endpoints with their interfaces and routes."""
        endpoints = [self.vpc_end_points[each] for each in vpce_ids or [] if each in self.vpc_end_points]
        for endpoint in endpoints:
            for interface_id in endpoint.network_interface_ids:
                self.delete_managed_interface(interface_id)
            endpoint.network_interface_ids = []
            for table in endpoint.route_table_ids:
                if table in self.route_tables:
                    self.delete_route(table, endpoint.destination_prefix_list_id)
            del self.vpc_end_points[endpoint.id]


def _check_policy(document: str | None) -> None:
    """Raise EC2ClientError for a document that is not an endpoint policy.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    try:
        if document:
            parse(document, PolicyKind.RESOURCE)
    except PolicyError as error:
        raise EC2ClientError(
            "InvalidPolicyDocument",
            f"The specified policy document is not a valid JSON policy document: {error}",
        ) from error


def _check_zones(subnets: list[Any]) -> None:
    """Raise EC2ClientError for two subnets of one zone.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    zones = set()
    for subnet in subnets:
        if subnet.availability_zone in zones:
            raise EC2ClientError(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet.id}. VPC endpoint "
                "subnets should be in different availability zones supported by the VPC endpoint service.",
            )
        zones.add(subnet.availability_zone)


def service_of(service_name: str | None, region: str | None = None) -> str:
    """Return the short name of an endpoint service, such as "s3".

    Raises EC2ClientError for an invalid name, or for a service outside `region`.
    """
    match = _SERVICE_NAME.fullmatch(service_name or "")
    if not match or region not in (None, match[1]):
        raise _unknown_service(service_name)
    return match[2]


def dns_names(endpoint: Any) -> tuple[str, ...]:
    """Return the DNS names of an interface endpoint inside its VPC."""
    match = _SERVICE_NAME.fullmatch(endpoint.service_name)
    endpoint_names = tuple(entry["dns_name"] for entry in endpoint.dns_entries)
    if not match or not endpoint.private_dns_enabled:
        return endpoint_names
    service = ".".join(reversed(match[2].split(".")))  # "ecr.api" has the hostname api.ecr
    return (*endpoint_names, f"{service}.{match[1]}.amazonaws.com")


def _dns_entry(endpoint_id: str, service_name: str) -> dict[str, str]:
    region, service = _SERVICE_NAME.fullmatch(service_name).groups()  # type: ignore[union-attr]
    return {
        "dns_name": f"{endpoint_id}-{mock_random.get_random_hex(8)}.{service}.{region}.vpce.amazonaws.com",
        "hosted_zone_id": f"Z{mock_random.get_random_hex(12).upper()}",
    }


def _unknown_service(service_name: str | None) -> EC2ClientError:
    return EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{service_name}' does not exist")
