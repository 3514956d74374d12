from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from tests.support.execution_roles import create_execution_role, delete_execution_role
from tests.support.served.functions import create, eventually, zipped
from tests.support.served.region import Network, Region, api_error, error_code, unique


def group(ec2: Any, network: Network, name: str = "functions") -> str:
    response = ec2.create_security_group(GroupName=name, Description=name, VpcId=network.vpc)
    return str(response["GroupId"])


def interfaces(ec2: Any) -> dict[str, str]:
    """Return the subnet of each interface of functions, by interface ID."""
    filters = [{"Name": "interface-type", "Values": ["lambda"]}]
    described = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return {each["NetworkInterfaceId"]: each["SubnetId"] for each in described}


def test_last_function_deletes_shared_interfaces(ec2: Any, network: Network, functions: Any) -> None:
    vpc_config = {"SubnetIds": list(network.private.values()), "SecurityGroupIds": [group(ec2, network)]}
    create(functions, "one", VpcConfig=vpc_config)
    shared = interfaces(ec2)
    assert sorted(shared.values()) == sorted(network.private.values())

    create(functions, "two", VpcConfig=vpc_config)
    assert interfaces(ec2) == shared

    functions.delete_function(FunctionName="one")
    assert interfaces(ec2) == shared
    assert error_code(ec2.delete_subnet, SubnetId=network.private["us-east-1a"]) == "DependencyViolation"

    functions.delete_function(FunctionName="two")
    assert interfaces(ec2) == {}


def test_dual_stack_function_needs_subnets_with_ipv6(ec2: Any, network: Network, functions: Any) -> None:
    subnet = network.private["us-east-1a"]
    vpc_config = {
        "SubnetIds": [subnet],
        "SecurityGroupIds": [group(ec2, network)],
        "Ipv6AllowedForDualStack": True,
    }
    error = api_error(create, functions=functions, VpcConfig=vpc_config)
    assert error.code == "InvalidParameterValueException"
    assert "IPv6 CIDR block" in error.message
    assert interfaces(ec2) == {}

    made = ec2.associate_vpc_cidr_block(VpcId=network.vpc, AmazonProvidedIpv6CidrBlock=True)
    block = made["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"].replace("/56", "/64")
    ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block)
    create(functions, "one", VpcConfig=vpc_config)
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=list(interfaces(ec2)))[
        "NetworkInterfaces"
    ]
    assert len(interface["Ipv6Addresses"]) == 1


def test_interfaces_linger_after_last_function(
    region: Region, ec2: Any, network: Network, functions: Any
) -> None:
    subnet = network.private["us-east-1a"]
    vpc_config = {"SubnetIds": [subnet], "SecurityGroupIds": [group(ec2, network)]}
    region.settings = region.settings.changed({"interface_linger_seconds": 1})
    create(functions, "one", VpcConfig=vpc_config)
    existing = interfaces(ec2)
    functions.delete_function(FunctionName="one")
    create(functions, "two", VpcConfig=vpc_config)
    assert interfaces(ec2) == existing
    time.sleep(1.2)  # the interface would be deleted if the second function did not need it
    assert interfaces(ec2) == existing
    functions.delete_function(FunctionName="two")
    assert interfaces(ec2) == existing
    count = len(region.reconciled)
    assert error_code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    eventually(lambda: interfaces(ec2) == {})
    eventually(lambda: len(region.reconciled) > count)
    ec2.delete_subnet(SubnetId=subnet)


@pytest.mark.parametrize("linger", [0, 4], ids=["immediate", "lingering"])
def test_interfaces_without_role_become_available(
    region: Region, ec2: Any, network: Network, functions: Any, linger: int
) -> None:
    subnet, iam = network.private["us-east-1a"], region.client("iam")
    vpc_config = {"SubnetIds": [subnet], "SecurityGroupIds": [group(ec2, network)]}
    region.settings = region.settings.changed({"interface_linger_seconds": linger})
    create(functions, "one", VpcConfig=vpc_config)
    (interface,) = interfaces(ec2)

    def describe() -> dict[str, Any]:
        (described,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        return dict(described)

    if not linger:  # the role is deleted first
        delete_execution_role(iam, "function")
        functions.delete_function(FunctionName="one")
    else:
        functions.delete_function(FunctionName="one")
        delete_execution_role(iam, "function")
        assert describe()["Status"] == "in-use"
        assert describe()["Attachment"]["InstanceOwnerId"] == "amazon-aws"
        assert error_code(ec2.delete_network_interface, NetworkInterfaceId=interface) == (
            "OperationNotPermitted"
        )
    eventually(lambda: describe()["Status"] == "available")
    assert "Attachment" not in describe()
    assert describe()["Description"].startswith("AWS Lambda VPC ENI-one-")
    assert error_code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=subnet)


def test_abandoned_interface_is_not_reused(
    region: Region, ec2: Any, network: Network, functions: Any
) -> None:
    vpc_config = {"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": [group(ec2, network)]}
    create(functions, "one", VpcConfig=vpc_config)
    (abandoned,) = interfaces(ec2)
    iam = region.client("iam")
    delete_execution_role(iam, "function")
    functions.delete_function(FunctionName="one")
    create_execution_role(iam, "function")
    create(functions, "two", VpcConfig=vpc_config)
    assert len(interfaces(ec2)) == 2
    functions.delete_function(FunctionName="two")
    assert list(interfaces(ec2)) == [abandoned]


def test_different_security_groups_use_separate_interfaces(
    ec2: Any, network: Network, functions: Any
) -> None:
    subnets = [network.private["us-east-1a"]]
    for name in ("one", "two"):
        vpc_config = {"SubnetIds": subnets, "SecurityGroupIds": [group(ec2, network, name)]}
        create(functions, name, VpcConfig=vpc_config)

    assert list(interfaces(ec2).values()) == subnets * 2


def test_interfaces_follow_vpc_config(ec2: Any, network: Network, functions: Any) -> None:
    groups = [group(ec2, network)]
    create(
        functions,
        VpcConfig={"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": groups},
    )

    new_config = {"SubnetIds": [network.private["us-east-1b"]], "SecurityGroupIds": groups}
    functions.update_function_configuration(FunctionName="one", VpcConfig=new_config)
    assert list(interfaces(ec2).values()) == [network.private["us-east-1b"]]
    config = functions.get_function_configuration(FunctionName="one")["VpcConfig"]
    assert (config["SubnetIds"], config["VpcId"]) == (new_config["SubnetIds"], network.vpc)

    (default,) = (
        each["GroupId"]
        for each in ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])[
            "SecurityGroups"
        ]
    )
    functions.update_function_configuration(FunctionName="one", VpcConfig={"SecurityGroupIds": [default]})
    config = functions.get_function_configuration(FunctionName="one")["VpcConfig"]
    assert (config["SubnetIds"], config["SecurityGroupIds"]) == (new_config["SubnetIds"], [default])

    functions.update_function_configuration(
        FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )
    assert interfaces(ec2) == {}
    assert functions.get_function_configuration(FunctionName="one")["VpcConfig"]["VpcId"] == ""


def test_published_version_keeps_its_interfaces(ec2: Any, network: Network, functions: Any) -> None:
    vpc_config = {"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": [group(ec2, network)]}
    created = create(functions, VpcConfig=vpc_config, Publish=True)
    assert created["Version"] == "1"

    functions.update_function_configuration(
        FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )

    assert list(interfaces(ec2).values()) == vpc_config["SubnetIds"]


def test_invalid_vpc_config_creates_no_function(ec2: Any, network: Network, functions: Any) -> None:
    known, subnet = group(ec2, network), network.private["us-east-1a"]
    for subnets, groups, cause in (
        (["subnet-0123456789abcdef0"], [known], "InvalidSubnetID.NotFound"),
        ([subnet], ["sg-0123456789abcdef0"], "InvalidGroup.NotFound"),
        ([subnet], [], "both SubnetIds and SecurityGroupIds"),
    ):
        vpc_config = {"SubnetIds": subnets, "SecurityGroupIds": groups}
        error = api_error(lambda vpc_config=vpc_config: create(functions, VpcConfig=vpc_config))
        assert error.code == "InvalidParameterValueException"
        assert cause in error.message
    assert functions.list_functions()["Functions"] == []
    assert interfaces(ec2) == {}


def test_full_subnet_rejects_functions(ec2: Any, functions: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    full, other, third = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.0.{host}/28")["Subnet"]["SubnetId"]
        for host in (0, 16, 32)
    )
    group_id = ec2.create_security_group(GroupName="functions", Description="functions", VpcId=vpc)["GroupId"]
    for _ in range(11):
        ec2.create_network_interface(SubnetId=full)
    current = {"SubnetIds": [other], "SecurityGroupIds": [group_id]}
    with_full_subnet = {"SubnetIds": [third, full], "SecurityGroupIds": [group_id]}
    create(functions, "two", VpcConfig=current)
    existing = interfaces(ec2)
    for call in (
        lambda: create(functions, "one", VpcConfig=with_full_subnet),
        lambda: functions.update_function_configuration(FunctionName="two", VpcConfig=with_full_subnet),
    ):
        error = api_error(call)
        assert error.code == "InvalidParameterValueException"
        assert "InsufficientFreeAddressesInSubnet" in error.message
    assert interfaces(ec2) == existing
    assert [each["FunctionName"] for each in functions.list_functions()["Functions"]] == ["two"]
    config = functions.get_function_configuration(FunctionName="two")["VpcConfig"]
    assert config["SubnetIds"] == current["SubnetIds"]


def test_invocation_uses_configuration(region: Region, ec2: Any, network: Network, functions: Any) -> None:
    vpc_config = {"SubnetIds": list(network.private.values()), "SecurityGroupIds": [group(ec2, network)]}
    created = create(
        functions,
        VpcConfig=vpc_config,
        Timeout=7,
        MemorySize=256,
        Environment={"Variables": {"B2": "2", "A1": "1"}},
    )

    response = functions.invoke(FunctionName="one", Payload=b'{"event": 1}')

    assert json.load(response["Payload"]) == {"event": 1}
    assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in response
    assert "LogResult" not in response
    ((spec, event),) = region.runner.invoked
    assert spec.arn == event.function_arn == created["FunctionArn"]
    assert spec.code == zipped("first")
    assert spec.code_sha256 == created["CodeSha256"]
    assert spec.environment == (("A1", "1"), ("B2", "2"))
    assert (spec.handler, spec.runtime, spec.timeout, spec.memory) == (
        "handler.handler",
        "python3.13",
        7,
        256,
    )
    assert spec.interface_ids == tuple(sorted(interfaces(ec2)))


def state_of(functions: Any) -> tuple[str, str]:
    config = functions.get_function_configuration(FunctionName="one")
    return config["State"], config["LastUpdateStatus"]


def test_transitional_states_block_changes(region: Region, functions: Any) -> None:
    slow, instant = region.settings.changed({"transition_ms": 60_000}), region.settings
    region.settings = slow
    created = create(functions)
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    changes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (functions.update_function_configuration, {"Timeout": 9}),
        (functions.update_function_code, {"ZipFile": zipped("second")}),
        (functions.publish_version, {}),
    )
    for call, change in ((functions.invoke, {}), *changes):
        error = api_error(call, FunctionName="one", **change)
        assert error.code == "ResourceConflictException" and "Pending" in error.message
    functions.delete_function(FunctionName="one")

    region.settings = instant
    create(functions)
    assert state_of(functions) == ("Active", "Successful")
    region.settings = slow
    functions.update_function_configuration(FunctionName="one", Timeout=8)
    assert state_of(functions) == ("Active", "InProgress")
    for call, change in changes:
        error = api_error(call, FunctionName="one", **change)
        assert error.code == "ResourceConflictException" and "in progress" in error.message
    functions.invoke(FunctionName="one")
    assert [spec.timeout for spec, _ in region.runner.invoked] == [8]


def test_failed_invocation_returns_error_and_log_tail(region: Region, functions: Any) -> None:
    create(functions)
    region.runner.answer = lambda payload: (b'{"errorType": "Boom"}', True)

    response = functions.invoke(FunctionName="one", LogType="Tail")

    assert response["FunctionError"] == "Unhandled"
    tail = base64.b64decode(response["LogResult"])
    assert len(tail) == 4096
    assert tail.endswith(b"x\n")


def test_payload_must_be_json(functions: Any) -> None:
    create(functions)

    error = api_error(functions.invoke, FunctionName="one", Payload=b"{")

    assert error.code == "InvalidRequestContentException"


def test_dry_run_runs_nothing(region: Region, functions: Any) -> None:
    create(functions)

    assert functions.invoke(FunctionName="one", InvocationType="DryRun")["StatusCode"] == 204
    assert region.runner.invoked == []


def test_updated_and_deleted_functions_stop_workers(region: Region, functions: Any) -> None:
    arn = create(functions)["FunctionArn"]

    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"))
    functions.update_function_configuration(FunctionName="one", Timeout=9)
    functions.delete_function(FunctionName="one")

    assert region.runner.forgotten == [(arn, "$LATEST")] * 3


def test_logs_are_written_to_configured_group(region: Region, functions: Any) -> None:
    group_name = unique("/custom/group")
    created = create(functions, LoggingConfig={"LogGroup": group_name})
    assert created["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": group_name}

    functions.invoke(FunctionName="one")

    events = region.client("logs").filter_log_events(logGroupName=group_name)["events"]
    assert [each["message"].split()[0] for each in events] == ["START", "END", "REPORT"]
    assert {each["logStreamName"] for each in events} == {"2025/01/31/[$LATEST]0123456789abcdef"}


def test_logs_are_written_to_default_group(region: Region, functions: Any) -> None:
    name = unique("one")
    create(functions, name)

    functions.invoke(FunctionName=name)

    assert region.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]


def test_unknown_function_cannot_be_invoked(functions: Any) -> None:
    assert error_code(functions.invoke, FunctionName="none") == "ResourceNotFoundException"


def test_dead_letter_config_can_be_removed(functions: Any) -> None:
    topic = {"TargetArn": "arn:aws:sns:us-east-1:123456789012:dead"}
    assert create(functions, DeadLetterConfig=topic)["DeadLetterConfig"] == topic
    assert functions.get_function_configuration(FunctionName="one")["DeadLetterConfig"] == topic
    functions.update_function_configuration(FunctionName="one", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in functions.get_function_configuration(FunctionName="one")
