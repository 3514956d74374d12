import pytest


def test_functions_without_the_client_group_cannot_reach_the_cache(probes, outputs):
    for zone in outputs["zones"]:
        assert probes.cache_is_private(zone)


@pytest.fixture
def client_interface(target, outputs):
    """Make interfaces in a private subnet, in groups of choice, and take them away afterwards."""
    ec2, made = target.client("ec2"), []

    def make(*groups: str) -> str:
        subnet = outputs["private_subnet_ids"][outputs["zones"][0]]
        reply = ec2.create_network_interface(SubnetId=subnet, Groups=list(groups))
        made.append(reply["NetworkInterface"]["NetworkInterfaceId"])
        return made[-1]

    yield make
    for interface in made:
        ec2.delete_network_interface(NetworkInterfaceId=interface)


@pytest.fixture
def open_group(target, outputs):
    """A security group that lets everything out and is a client of nothing."""
    ec2 = target.client("ec2")
    group = ec2.create_security_group(
        GroupName=f"open-{id(ec2)}", Description="test", VpcId=outputs["vpc_id"]
    )["GroupId"]
    yield group
    ec2.delete_security_group(GroupId=group)


@pytest.mark.lab
def test_only_the_client_group_opens_the_cache(lab, target, outputs, open_group, client_interface):
    stranger = client_interface(open_group)
    client = client_interface(outputs["cached_api_security_group_id"])
    nodes = target.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "group-id", "Values": [outputs["cache_security_group_id"]]}]
    )["NetworkInterfaces"]
    assert len(nodes) == len(outputs["cache_nodes"])
    for node in nodes:
        where = {"address": node["PrivateIpAddress"], "port": outputs["cache_nodes"][0]["port"]}
        assert _connect(lab, client, where) == "connected"
        assert _connect(lab, stranger, where) == "timeout"


@pytest.mark.lab
def test_nothing_private_is_reachable_from_the_internet(lab, target, outputs):
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
