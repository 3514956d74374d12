"""The network of a served region, read through AWS's API with the documented policy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.served.clusters import create_cluster
from tests.support.served.functions import create, role_and_client
from tests.support.served.region import Network as Subnets
from tests.support.served.region import Region, serve, two_zones, unique
from vpcache.errors import VpcacheError
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.topology import SecurityGroup, Topology, Vpc
from vpcache.reach.aws_source.collector import POLICY_PAGE, collect
from vpcache.reach.aws_source.network import network
from vpcache.stack.target import Target, lab_target

PAGE = (ROOT / POLICY_PAGE).read_text()
ANYWHERE = "0.0.0.0/0"


def policy() -> dict[str, Any]:
    """Return the policy of the documentation."""
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    return dict(json.loads(text))


def actions() -> list[str]:
    (statement,) = policy()["Statement"]
    return list(statement["Action"])


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    """A region that the tests only read."""
    with serve() as served:
        yield served


@pytest.fixture(scope="module")
def subnets(region: Region) -> Subnets:
    """A VPC with IPv6, gateways, endpoints, a prefix list, an ACL, functions and caches."""
    ec2 = region.client("ec2")
    made = two_zones(ec2)
    ec2.associate_vpc_cidr_block(VpcId=made.vpc, AmazonProvidedIpv6CidrBlock=True)
    ec2.associate_vpc_cidr_block(VpcId=made.vpc, CidrBlock="10.1.0.0/24")
    group = _group(ec2, made)
    offices = _routes(ec2, made)
    _rules(ec2, group, offices)
    _acl(ec2, made)
    _interfaces(ec2, made, group)
    _consumers(region, made, group)
    return made


def _group(ec2: Any, made: Subnets) -> str:
    group = ec2.create_security_group(GroupName="all", Description="test", VpcId=made.vpc)
    return str(group["GroupId"])


def _routes(ec2: Any, made: Subnets) -> str:
    """Make routes to each kind of target, and a black hole; return the ID of the prefix list."""
    offices = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=2,
        Entries=[{"Cidr": "198.51.100.0/26"}, {"Cidr": "192.0.2.0/24"}],
    )["PrefixList"]["PrefixListId"]
    egress = ec2.create_egress_only_internet_gateway(VpcId=made.vpc)
    public, private = (ec2.create_route_table(VpcId=made.vpc)["RouteTable"]["RouteTableId"] for _ in "ab")
    ec2.associate_route_table(RouteTableId=public, SubnetId=made.public["us-east-1a"])
    ec2.associate_route_table(RouteTableId=private, SubnetId=made.private["us-east-1a"])
    gateways = []
    for zone in made.public:
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(SubnetId=made.public[zone], AllocationId=address)
        gateways.append(gateway["NatGateway"]["NatGatewayId"])
    ec2.create_route(RouteTableId=public, DestinationCidrBlock=ANYWHERE, GatewayId=made.internet_gateway)
    ec2.create_route(RouteTableId=private, DestinationCidrBlock=ANYWHERE, NatGatewayId=gateways[0])
    ec2.create_route(RouteTableId=private, DestinationPrefixListId=offices, NatGatewayId=gateways[1])
    ec2.create_route(RouteTableId=private, DestinationCidrBlock="192.0.2.0/24", NatGatewayId=gateways[0])
    ec2.create_route(
        RouteTableId=private,
        DestinationIpv6CidrBlock="::/0",
        EgressOnlyInternetGatewayId=egress["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
    )
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="192.0.2.0/25", NatGatewayId=gateways[1])
    ec2.delete_nat_gateway(NatGatewayId=gateways[1])
    ec2.create_vpc_endpoint(VpcId=made.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[private])
    return str(offices)


def _rules(ec2: Any, group: str, offices: str) -> None:
    permissions = [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444, "IpRanges": [{"CidrIp": "10.2.0.0/16"}]},
        {"IpProtocol": "tcp", "FromPort": 11211, "ToPort": 11211, "UserIdGroupPairs": [{"GroupId": group}]},
        {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "PrefixListIds": [{"PrefixListId": offices}]},
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": ANYWHERE}]},
        {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]},
    ]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)


def _acl(ec2: Any, made: Subnets) -> None:
    acl = ec2.create_network_acl(VpcId=made.vpc)["NetworkAcl"]["NetworkAclId"]
    entries: list[dict[str, Any]] = [
        {"Protocol": "6", "PortRange": {"From": 80, "To": 90}, "RuleAction": "allow"},
        {"Protocol": "1", "IcmpTypeCode": {"Type": 3, "Code": 4}, "RuleAction": "deny"},
        {"Protocol": "-1", "RuleAction": "allow"},
    ]
    for number, entry in enumerate(entries, 1):
        for is_egress in (False, True):
            ec2.create_network_acl_entry(
                NetworkAclId=acl, RuleNumber=number, Egress=is_egress, CidrBlock=ANYWHERE, **entry
            )
    described = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [made.vpc]}])["NetworkAcls"]
    association = next(
        each["NetworkAclAssociationId"]
        for found in described
        for each in found["Associations"]
        if each["SubnetId"] == made.private["us-east-1b"]
    )
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)


def _interfaces(ec2: Any, made: Subnets, group: str) -> None:
    """Make an interface with a secondary address and two elastic IPs, and an interface endpoint."""
    interface = ec2.create_network_interface(
        SubnetId=made.public["us-east-1a"],
        Groups=[group],
        SecondaryPrivateIpAddressCount=1,
        TagSpecifications=[
            {"ResourceType": "network-interface", "Tags": [{"Key": "Name", "Value": "proxy"}]}
        ],
    )["NetworkInterface"]
    for address in interface["PrivateIpAddresses"]:
        ec2.associate_address(
            AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"],
            NetworkInterfaceId=interface["NetworkInterfaceId"],
            PrivateIpAddress=address["PrivateIpAddress"],
        )
    ec2.create_vpc_endpoint(
        VpcId=made.vpc,
        ServiceName="com.amazonaws.us-east-1.sqs",
        VpcEndpointType="Interface",
        SubnetIds=[made.private["us-east-1a"]],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )


def _consumers(region: Region, made: Subnets, group: str) -> None:
    """Make two functions that share their interfaces, a cluster with two nodes and a serverless cache."""
    placed = {"SubnetIds": list(made.private.values()), "SecurityGroupIds": [group]}
    functions = role_and_client(region)
    for name in ("one", "two"):
        create(functions, name, VpcConfig=placed)
    caches = region.client("elasticache")
    caches.create_cache_subnet_group(
        CacheSubnetGroupName="private",
        CacheSubnetGroupDescription="test",
        SubnetIds=list(made.private.values()),
    )
    create_cluster(caches, SecurityGroupIds=[group])
    caches.create_serverless_cache(ServerlessCacheName="spare", Engine="memcached", **placed)


def _comparable(vpc: Vpc) -> Vpc:
    """Return a VPC without what the prover does not use; rules and ICMP messages have one form and order."""
    return replace(
        vpc,
        security_groups=tuple(map(_ordered, vpc.security_groups)),
        cache_clusters=(),
        serverless_caches=(),
        interface_endpoints=(),
        flow_logs=(),
        has_dns=True,
        has_hostnames=False,
    )


def _ordered(group: SecurityGroup) -> SecurityGroup:
    directions = (
        tuple(sorted((replace(each, id="", description="") for each in rules), key=repr))
        for rules in (group.ingress, group.egress)
    )
    return SecurityGroup(group.id, *directions)


def test_topology_is_that_which_the_lab_lays(region: Region, subnets: Subnets) -> None:
    read = network(collect(region.client, [subnets.vpc])).topology

    laid = derive()
    assert Topology(tuple(map(_comparable, read.vpcs))) == Topology(tuple(map(_comparable, laid.vpcs)))


def test_interfaces_have_the_names_of_their_owners(region: Region, subnets: Subnets) -> None:
    read = network(collect(region.client, [subnets.vpc]))

    zones = {each.id: each.zone for vpc in read.topology.vpcs for each in vpc.interfaces}
    (gateway,) = [each for each in read.interfaces if each.startswith("nat-")]
    named = {name: [zones[each] for each in ids] for name, ids in read.interfaces.items()}
    both = ["us-east-1a", "us-east-1b"]
    assert {name: sorted(found) for name, found in named.items()} == {
        "one": both,
        "two": both,
        "cache/0001": ["us-east-1a"],
        "cache/0002": ["us-east-1b"],
        "spare": both,
        gateway: ["us-east-1a"],
        "com.amazonaws.us-east-1.sqs": ["us-east-1a"],
        "proxy": ["us-east-1a"],
    }
    assert read.interfaces["one"] == read.interfaces["two"]
    assert read.ports == {"cache/0001": 11211, "cache/0002": 11211, "spare": 11211}
    assert (read.unmodeled, read.undecided) == ({}, ())


def test_documented_policy_has_exactly_the_calls(region: Region, subnets: Subnets) -> None:
    called = set[str]()

    def client(service: str) -> Any:
        made = region.own_client(service)
        made.meta.events.register("before-call", lambda model, **_: called.add(f"{service}:{model.name}"))
        return made

    collect(client, [subnets.vpc])

    assert sorted(called) == actions()
    assert not [each for each in actions() if not re.match(r"\w+:(Describe|List|Get)", each)]


@pytest.fixture(scope="module")
def role(region: Region) -> Target:
    """A session of a role without permissions."""
    target, name = lab_target(region.url, {}), unique("reader")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{target.account()}:root"},
        },
    }
    target.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    return target.as_role(name)


@pytest.fixture
def allow(region: Region, role: Target) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Return a function that gives the role a policy; the region enforces IAM."""
    name = role.client("sts").get_caller_identity()["Arn"].split("/")[1]
    iam = region.client("iam")
    settings = region.settings
    region.settings = settings.changed({"iam": "enforce"})
    yield lambda document: iam.put_role_policy(
        RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document)
    )
    region.settings = settings


def test_role_with_the_documented_policy_reads_the_network(
    region: Region, subnets: Subnets, role: Target, allow: Callable[[dict[str, Any]], None]
) -> None:
    allow(policy())

    read = network(collect(role.client, [subnets.vpc]))
    assert read == network(collect(region.client, [subnets.vpc]))


@pytest.mark.parametrize("action", ["ec2:DescribeRouteTables", "lambda:ListFunctions"])
def test_denied_action_is_named_with_the_page_of_the_policy(
    subnets: Subnets, role: Target, allow: Callable[[dict[str, Any]], None], action: str
) -> None:
    document = policy()
    document["Statement"][0]["Action"].remove(action)
    allow(document)

    with pytest.raises(VpcacheError, match=f"^{action} is denied: .* {POLICY_PAGE}"):
        collect(role.client, [subnets.vpc])


@pytest.mark.parametrize(
    ("vpcs", "message"),
    [([], "no VPC to read"), (["vpc-0123456789abcdef0"], "vpc-0123456789abcdef0.* in us-east-1: check the")],
)
def test_vpc_that_does_not_exist_is_named(region: Region, vpcs: list[str], message: str) -> None:
    with pytest.raises(VpcacheError, match=message):
        collect(region.client, vpcs)
