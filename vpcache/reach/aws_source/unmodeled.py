"""What carries packets in VPCs and is not part of the model, from EC2's descriptions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vpcache.reach.aws_source.descriptions import Descriptions, Item
from vpcache.reach.aws_source.routes import interfaces_of

_BY_TYPE = {
    "gateway_load_balancer": "load balancer",
    "gateway_load_balancer_endpoint": "gateway load balancer endpoint",
    "load_balancer": "load balancer",
    "network_load_balancer": "load balancer",
    "transit_gateway": "transit gateway attachment",
}
"""By `InterfaceType`: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html"""
_LOAD_BALANCER = "ELB "
_BY_DESCRIPTION = {_LOAD_BALANCER: "load balancer", "Amazon EKS ": "EKS cluster"}
"""By the start of the description: of an Application Load Balancer and a Classic Load Balancer, which have
interfaces of the type `interface`, and of the control plane of EKS.

https://repost.aws/knowledge-center/elb-find-load-balancer-ip
https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets
"""
_ATTACHMENT = re.compile(r"tgw-attach-[0-9a-f]+")


def gateways(found: Descriptions) -> Iterator[tuple[str, str]]:
    """Yield the ID and the kind of each connection to other networks."""
    vpcs = {each["VpcId"] for each in found.vpcs}
    for each in found.peering_connections:
        sides = {each.get(side, {}).get("VpcId") for side in ("RequesterVpcInfo", "AccepterVpcInfo")}
        if vpcs & sides and each.get("Status", {}).get("Code") == "active":
            yield each["VpcPeeringConnectionId"], "VPC peering connection"
    for each in found.vpn_gateways:
        if any(attachment["State"] == "attached" for attachment in each["VpcAttachments"]):
            yield each["VpnGatewayId"], "VPN gateway"
    for each in found.nat_gateways:
        if each["State"] == "available" and not interfaces_of(each):
            yield each["NatGatewayId"], "regional NAT gateway"


def owners(interfaces: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """Yield the name and the kind of what each interface belongs to, for those outside the model.

    An interface that a service manages and that nothing else claims carries packets of that service.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
    """
    for each in interfaces:
        if instance := each.get("Attachment", {}).get("InstanceId"):
            yield instance, "instance"
        elif kind := _kind(each):
            yield _name(each), kind


def _kind(interface: Item) -> str:
    """Return the kind of the service of an interface, empty for a plain interface of the account."""
    description = interface.get("Description", "")
    if found := _BY_TYPE.get(interface["InterfaceType"]):
        return found
    for start, kind in _BY_DESCRIPTION.items():
        if description.startswith(start):
            return kind
    if not interface.get("RequesterManaged"):
        return ""
    return f"interface of a service ({description or interface['InterfaceType']})"


def _name(interface: Item) -> str:
    description = interface.get("Description", "")
    if attachment := _ATTACHMENT.search(description):
        return attachment[0]
    if description.startswith(_LOAD_BALANCER):
        return str(description.removeprefix(_LOAD_BALANCER))
    return str(interface["NetworkInterfaceId"])
