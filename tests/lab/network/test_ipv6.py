"""A dual-stack function behind an egress-only internet gateway, with real packets."""

from __future__ import annotations

from ipaddress import IPv6Network

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.network.netns import has_ipv6

pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine's kernel has no IPv6")

HERE, _ = ZONES
_CODE = """
    import urllib.request

    def handler(event, context):
        try:
            with urllib.request.urlopen("https://checkip.global.api.aws", timeout=3) as answer:
                return answer.read().decode().strip()
        except OSError as error:
            return type(error).__name__
"""


@pytest.fixture
def table(vpc_factory: VpcFactory) -> str:
    """The route table of a private subnet with an IPv6 block, in a VPC that has one."""
    ec2 = vpc_factory.ec2
    ec2.associate_vpc_cidr_block(VpcId=vpc_factory.vpc, AmazonProvidedIpv6CidrBlock=True)
    (vpc,) = ec2.describe_vpcs(VpcIds=[vpc_factory.vpc])["Vpcs"]
    block = IPv6Network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
    subnet = next(block.subnets(new_prefix=64))
    ec2.associate_subnet_cidr_block(SubnetId=vpc_factory.private[HERE], Ipv6CidrBlock=str(subnet))
    ec2.authorize_security_group_egress(
        GroupId=vpc_factory.group,
        IpPermissions=[{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}],
    )
    return vpc_factory.new_table(vpc_factory.private[HERE])


def test_dual_stack_function_leaves_by_the_egress_only_gateway(vpc_factory: VpcFactory, table: str) -> None:
    ec2 = vpc_factory.ec2
    vpc_config = {"Ipv6AllowedForDualStack": True}
    function = vpc_factory.new_function("probe", HERE, code=_CODE, Timeout=10)
    client = vpc_factory.client("lambda")
    client.update_function_configuration(FunctionName=function, VpcConfig=vpc_config)
    client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    described = client.get_function_configuration(FunctionName=function)["VpcConfig"]
    assert described["Ipv6AllowedForDualStack"]
    assert vpc_factory.invoke(function) in ("URLError", "TimeoutError")

    gateway = ec2.create_egress_only_internet_gateway(VpcId=vpc_factory.vpc)["EgressOnlyInternetGateway"]
    gateway_id = gateway["EgressOnlyInternetGatewayId"]
    ec2.create_route(
        RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=gateway_id
    )
    (interface,) = ec2.describe_network_interfaces(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_factory.vpc]},
            {"Name": "interface-type", "Values": ["lambda"]},
        ]
    )["NetworkInterfaces"]
    assert vpc_factory.invoke(function) == interface["Ipv6Addresses"][0]["Ipv6Address"]
    assert vpc_factory.lab.differences() == []
