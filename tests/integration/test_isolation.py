import pytest


def test_functions_outside_the_client_group_cannot_connect(probes, outputs):
    for zone in outputs["zones"]:
        assert probes.cache_is_private(zone)


@pytest.fixture
def client_interface(target, outputs):
    """Create interfaces in a private subnet with given security groups; delete them after the test."""
    ec2 = target.client("ec2")
    created: list[str] = []

    def create(*groups: str) -> str:
        subnet = outputs["private_subnet_ids"][outputs["zones"][0]]
        response = ec2.create_network_interface(SubnetId=subnet, Groups=list(groups))
        created.append(response["NetworkInterface"]["NetworkInterfaceId"])
        return created[-1]

    yield create
    for interface in created:
        ec2.delete_network_interface(NetworkInterfaceId=interface)


@pytest.fixture
def open_group(target, outputs):
    """A security group that allows all egress and is not a client of the cache."""
    ec2 = target.client("ec2")
    group = ec2.create_security_group(
        GroupName=f"open-{id(ec2)}", Description="test", VpcId=outputs["vpc_id"]
    )["GroupId"]
    yield group
    ec2.delete_security_group(GroupId=group)


@pytest.mark.lab
def test_only_the_client_group_can_connect_to_the_cache(lab, target, outputs, open_group, client_interface):
    other = client_interface(open_group)
    client = client_interface(outputs["cached_api_security_group_id"])
    nodes = target.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "group-id", "Values": [outputs["cache_security_group_id"]]}]
    )["NetworkInterfaces"]
    assert len(nodes) == len(outputs["cache_nodes"])
    for node in nodes:
        destination = {"address": node["PrivateIpAddress"], "port": outputs["cache_nodes"][0]["port"]}
        assert _connect(lab, client, destination) == "connected"
        assert _connect(lab, other, destination) == "timeout"


@pytest.mark.lab
def test_private_addresses_are_unreachable_from_the_internet(lab, target, outputs):
    interfaces = target.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "subnet-id", "Values": list(outputs["private_subnet_ids"].values())}]
    )["NetworkInterfaces"]
    assert interfaces
    for interface in interfaces:
        assert interface.get("Association") is None
        assert _connect(lab, None, {"address": interface["PrivateIpAddress"], "port": 11211}) != "connected"
    for address in outputs["egress_ips"].values():
        for port in (80, 443, 11211):
            assert _connect(lab, None, {"address": address, "port": port}) != "connected"


def _connect(lab, interface, where):
    return lab.connect(**where, interface=interface)
