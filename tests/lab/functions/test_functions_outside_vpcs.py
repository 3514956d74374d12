"""Functions outside a VPC, with real packets: they see the internet and AWS's API, and no VPC."""

from __future__ import annotations

import pytest

from tests.support.network.vpc_factory import VpcFactory
from vpcache.lab.addresses import FUNCTIONS_ADDRESS

NO_VPC: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
CHECKIP = {"url": "https://checkip.amazonaws.com"}
CALLER = f"{FUNCTIONS_ADDRESS}\n"


@pytest.fixture
def public(vpc_factory: VpcFactory) -> str:
    """The name of a probe outside the VPC."""
    return vpc_factory.new_function("public", VpcConfig=NO_VPC)


def test_public_function_reaches_the_internet_and_aws(vpc_factory: VpcFactory, public: str) -> None:
    assert vpc_factory.invoke(public, **CHECKIP) == {"answer": CALLER}
    assert vpc_factory.invoke(public, name="checkip.amazonaws.com") == {"answer": ["198.51.100.20"]}
    bucket = f"{vpc_factory.name}-bucket"
    vpc_factory.client("s3").create_bucket(Bucket=bucket)
    reply = vpc_factory.invoke(public, url=f"https://{bucket}.s3.us-east-1.amazonaws.com/?list-type=2")
    assert "ListBucketResult" in reply["answer"]


def test_public_function_reaches_no_vpc(vpc_factory: VpcFactory, public: str) -> None:
    vpc_factory.attach_internet_gateway()
    _, elastic_ip, _ = vpc_factory.new_nat_gateway(vpc_factory.zones[0])
    inside = vpc_factory.new_function()
    address = vpc_factory.invoke(inside)["answer"]
    assert address.startswith("10.0.0.")
    for target in (address, elastic_ip, "192.168.1.1"):
        reply = vpc_factory.invoke(public, address=target, port=80, timeout=0.3)
        assert reply["error"] == "TimeoutError", target
    assert str(FUNCTIONS_ADDRESS) != elastic_ip
    assert vpc_factory.invoke(public)["answer"] == str(FUNCTIONS_ADDRESS)


def test_public_function_has_no_interface_and_a_log(vpc_factory: VpcFactory, public: str) -> None:
    vpc_factory.invoke(public)
    interfaces = vpc_factory.ec2.describe_network_interfaces(
        Filters=[{"Name": "interface-type", "Values": ["lambda"]}]
    )["NetworkInterfaces"]
    assert not [each for each in interfaces if vpc_factory.name in each["Description"]]
    logs = vpc_factory.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{public}")["events"]
    assert any(each["message"].startswith("REPORT") for each in logs)
    assert vpc_factory.lab.ask("GET", "consistency") == {"differences": []}


def test_function_moves_out_of_its_vpc_and_back(vpc_factory: VpcFactory) -> None:
    probe = vpc_factory.new_function()
    functions = vpc_factory.client("lambda")

    def move(config: dict[str, list[str]]) -> None:
        functions.update_function_configuration(FunctionName=probe, VpcConfig=config)
        waiter = functions.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=probe, WaiterConfig={"Delay": 0.02})

    silent = CHECKIP | {"timeout": 0.3}
    assert "error" in vpc_factory.invoke(probe, **silent)  # its subnets have no route to the internet
    move(NO_VPC)
    assert vpc_factory.invoke(probe, **CHECKIP) == {"answer": CALLER}
    move(vpc_factory.vpc_config())
    assert "error" in vpc_factory.invoke(probe, **silent)
    assert vpc_factory.invoke(probe)["answer"].startswith("10.0.0.")


def test_internet_cannot_call_a_public_function(vpc_factory: VpcFactory, public: str) -> None:
    vpc_factory.invoke(public)
    outcome = vpc_factory.lab.ask("POST", "connect", {"address": str(FUNCTIONS_ADDRESS), "port": 8080})
    assert outcome == {"outcome": "timeout"}  # not "refused"
