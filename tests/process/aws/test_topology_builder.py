from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

from tests.support.served.region import Network, Region
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.topology import Interface, InterfaceKind, Route, RouteTarget, Rule, Vpc

ANYWHERE = IPv4Network("0.0.0.0/0")


def the_vpc() -> Vpc:
    (vpc,) = derive().vpcs
    return vpc


def default_route(ec2: Any, network: Network, subnet: str, **target: str) -> str:
    """Associate a subnet with a new route table that has a default route; return the table's ID."""
    table = str(ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    return table


def nat_gateway(ec2: Any, subnet: str) -> str:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    response = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
    return str(response["NatGateway"]["NatGatewayId"])


def routes(vpc: Vpc, table: str) -> tuple[Route, ...]:
    return next(each.routes for each in vpc.route_tables if each.id == table)


def test_two_zones_with_nat_gateways(ec2: Any, network: Network) -> None:
    public = default_route(ec2, network, network.public["us-east-1a"], GatewayId=network.internet_gateway)
    tables, gateways = {}, {}
    for zone, subnet in network.private.items():
        gateways[zone] = nat_gateway(ec2, network.public[zone])
        tables[zone] = default_route(ec2, network, subnet, NatGatewayId=gateways[zone])

    vpc = the_vpc()

    assert (vpc.id, vpc.cidr) == (network.vpc, IPv4Network("10.0.0.0/24"))
    assert vpc.internet_gateway_id == network.internet_gateway
    by_id = {each.id: each for each in vpc.interfaces}
    for gateway in vpc.nat_gateways:
        interface = by_id[gateway.interface_id]
        zone = next(zone for zone in gateways if gateways[zone] == gateway.id)
        assert interface.kind == InterfaceKind.NAT_GATEWAY
        assert (interface.zone, interface.subnet_id) == (zone, network.public[zone])
        assert interface.public_address in IPv4Network("203.0.113.0/24")
        assert interface.security_groups == frozenset()
        assert routes(vpc, tables[zone]) == (Route(ANYWHERE, RouteTarget.INTERFACE, interface.id),)
    assert routes(vpc, public) == (Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY),)
    by_subnet = {each.id: each.route_table_id for each in vpc.subnets}
    assert by_subnet[network.private["us-east-1b"]] == tables["us-east-1b"]
    main = by_subnet[network.public["us-east-1b"]]  # it has no explicit association
    assert main not in {public, *tables.values()}
    assert routes(vpc, main) == ()


def test_topology_is_deterministic_and_sorted_by_id(ec2: Any, network: Network) -> None:
    for zone in network.private:
        ec2.create_network_interface(SubnetId=network.private[zone])

    vpc = the_vpc()

    assert vpc == the_vpc()
    for parts in (vpc.subnets, vpc.route_tables, vpc.security_groups, vpc.interfaces):
        ids = [each.id for each in parts]
        assert ids == sorted(ids)


def test_route_without_target_is_blackhole(ec2: Any, network: Network) -> None:
    public = default_route(ec2, network, network.public["us-east-1a"], GatewayId=network.internet_gateway)
    gateway = nat_gateway(ec2, network.public["us-east-1a"])
    private = default_route(ec2, network, network.private["us-east-1a"], NatGatewayId=gateway)
    interface = ec2.create_network_interface(SubnetId=network.public["us-east-1a"])["NetworkInterface"]
    eni = interface["NetworkInterfaceId"]
    other = default_route(ec2, network, network.private["us-east-1b"], NetworkInterfaceId=eni)
    assert routes(the_vpc(), other) == (Route(ANYWHERE, RouteTarget.INTERFACE, eni),)

    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=network.internet_gateway, VpcId=network.vpc)
    ec2.delete_network_interface(NetworkInterfaceId=eni)

    vpc = the_vpc()
    assert vpc.internet_gateway_id is None
    assert vpc.nat_gateways == ()
    for table in (public, private, other):
        assert routes(vpc, table) == (Route(ANYWHERE, RouteTarget.BLACKHOLE),)


def test_security_group_rules_are_derived(ec2: Any, network: Network) -> None:
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=network.vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": group}]},
            {"IpProtocol": "17", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.0.0.0/24"}]},
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/24"}]},
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
    )

    (derived,) = (each for each in the_vpc().security_groups if each.id == group)
    inside = IPv4Network("10.0.0.0/24")
    assert set(derived.ingress) == {
        Rule("tcp", (1, 2), group),
        Rule("udp", (53, 53), inside),
        Rule("icmp", None, inside),
        Rule("tcp", (80, 80), IPv6Network("::/0")),
    }
    assert derived.egress == (Rule("all", None, ANYWHERE),)

    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    (derived,) = (each for each in the_vpc().security_groups if each.id == group)
    assert derived.egress == ()


def test_default_group_allows_its_members(network: Network) -> None:
    (default,) = the_vpc().security_groups

    assert default.ingress == (Rule("all", None, default.id),)


def test_interface_has_elastic_ip_and_secondary_addresses(ec2: Any, network: Network) -> None:
    subnet = network.public["us-east-1a"]
    response = ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=2)
    eni = response["NetworkInterface"]["NetworkInterfaceId"]
    elastic_ip = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=elastic_ip["AllocationId"], NetworkInterfaceId=eni)

    vpc = the_vpc()
    assert vpc.interfaces == (
        Interface(
            id=eni,
            kind=InterfaceKind.PLAIN,
            subnet_id=subnet,
            zone="us-east-1a",
            address=IPv4Address("10.0.0.4"),
            secondary_addresses=(IPv4Address("10.0.0.5"), IPv4Address("10.0.0.6")),
            security_groups=frozenset({vpc.security_groups[0].id}),
            public_address=IPv4Address(elastic_ip["PublicIp"]),
        ),
    )


def test_cache_nodes_reference_their_interfaces(region: Region, network: Network) -> None:
    elasticache = region.client("elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="private",
        CacheSubnetGroupDescription="private",
        SubnetIds=list(network.private.values()),
    )
    elasticache.create_cache_cluster(
        CacheClusterId="cache",
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=2,
        AZMode="cross-az",
        CacheSubnetGroupName="private",
    )

    vpc = the_vpc()
    (cluster,) = vpc.cache_clusters
    by_id = {each.id: each for each in vpc.interfaces}
    for node, zone in zip(cluster.nodes, network.private, strict=True):
        interface = by_id[node.interface_id]
        assert interface.kind == InterfaceKind.CACHE_NODE
        assert (node.zone, interface.subnet_id) == (zone, network.private[zone])
        assert (node.address, (node.endpoint_address,)) == (interface.address, interface.secondary_addresses)
        assert node.port == 11211
    assert cluster.version == 1

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=3, ApplyImmediately=True)

    assert the_vpc().cache_clusters[0].version == 2
