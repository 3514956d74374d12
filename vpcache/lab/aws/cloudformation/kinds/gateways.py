"""Internet gateways, NAT gateways and elastic IPs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request, tag_specifications, update_tags, wait_for
from vpcache.lab.aws.cloudformation.model import Made


def _create_internet_gateway(request: Request) -> Made:
    tags = tag_specifications("internet-gateway", request)
    gateway = request.calls("ec2", "CreateInternetGateway", TagSpecifications=tags)["InternetGateway"]
    return Made(gateway["InternetGatewayId"], {"InternetGatewayId": gateway["InternetGatewayId"]})


def _delete_internet_gateway(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteInternetGateway", InternetGatewayId=made.id)


def _attach(request: Request) -> Made:
    vpc_id = request.properties["VpcId"]
    if gateway := request.properties.get("InternetGatewayId"):
        request.calls("ec2", "AttachInternetGateway", VpcId=vpc_id, InternetGatewayId=gateway)
        return Made(f"IGW|{vpc_id}", {"AttachmentType": "IGW"})
    gateway = request.properties.get("VpnGatewayId")
    if not gateway:
        raise ResourceError("Model validation failed (#: InternetGatewayId or VpnGatewayId is required)")
    request.calls("ec2", "AttachVpnGateway", VpcId=vpc_id, VpnGatewayId=gateway)
    return Made(f"VGW|{vpc_id}", {"AttachmentType": "VGW"})


def _detach(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
    vpc_id = properties["VpcId"]
    if made.attributes["AttachmentType"] == "IGW":
        gateway = properties["InternetGatewayId"]
        calls("ec2", "DetachInternetGateway", VpcId=vpc_id, InternetGatewayId=gateway)
    else:
        calls("ec2", "DetachVpnGateway", VpcId=vpc_id, VpnGatewayId=properties["VpnGatewayId"])


def _allocate(request: Request) -> Made:
    domain = str(request.properties.get("Domain", "vpc")).lower()  # templates have "VPC", too
    tags = tag_specifications("elastic-ip", request)
    address = request.calls("ec2", "AllocateAddress", Domain=domain, TagSpecifications=tags)
    attributes = {name: address[name] for name in ("AllocationId", "PublicIp")}
    return Made(address["PublicIp"], attributes)


def _tag_address(request: Request, made: Made, changed: frozenset[str]) -> Made:
    update_tags(request, Made(made.attributes["AllocationId"]), changed)
    return made


def _release(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "ReleaseAddress", AllocationId=made.attributes["AllocationId"])


def _create_nat_gateway(request: Request) -> Made:
    gateway = request.calls(
        "ec2",
        "CreateNatGateway",
        **request.get("AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId"),
        TagSpecifications=tag_specifications("natgateway", request),
    )["NatGateway"]
    gateway_id = gateway["NatGatewayId"]
    made = request.record(Made(gateway_id, {"NatGatewayId": gateway_id}))
    wait_for(lambda: _nat_state(request.calls, gateway_id), "available")
    return made


def _nat_state(calls: Calls, gateway_id: str, *, fails: bool = True) -> str:
    gateway = calls("ec2", "DescribeNatGateways", NatGatewayIds=[gateway_id])["NatGateways"][0]
    if gateway["State"] == "failed" and fails:
        raise ResourceError(f"NatGateway {gateway_id} is in state failed: {gateway['FailureMessage']}")
    return str(gateway["State"])


def _delete_nat_gateway(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteNatGateway", NatGatewayId=made.id)
    wait_for(lambda: _nat_state(calls, made.id, fails=False), "deleted")


GATEWAYS = (
    Kind(
        "AWS::EC2::InternetGateway",
        frozenset({"Tags"}),
        _create_internet_gateway,
        _delete_internet_gateway,
        frozenset({"Tags"}),
        update_tags,
    ),
    Kind(
        "AWS::EC2::VPCGatewayAttachment",
        frozenset({"InternetGatewayId", "VpcId", "VpnGatewayId"}),
        _attach,
        _detach,
        required=("VpcId",),
    ),
    Kind(
        "AWS::EC2::EIP",
        frozenset({"Domain", "Tags"}),
        _allocate,
        _release,
        frozenset({"Tags"}),
        _tag_address,
    ),
    Kind(
        "AWS::EC2::NatGateway",
        frozenset({"AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId", "Tags"}),
        _create_nat_gateway,
        _delete_nat_gateway,
        frozenset({"Tags"}),
        update_tags,
        required=("SubnetId",),
    ),
)
