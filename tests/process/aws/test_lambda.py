from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from tests.support.served_functions import create, eventually, refusal, zipped
from tests.support.served_region import Network, Region, two_zones, unique


@pytest.fixture
def ec2(region: Region) -> Any:
    return region.client("ec2")


@pytest.fixture
def network(ec2: Any) -> Network:
    return two_zones(ec2)


def group(ec2: Any, network: Network, name: str = "functions") -> str:
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=network.vpc)
    return str(made["GroupId"])


def interfaces(ec2: Any) -> dict[str, str]:
    """Return the subnet of each function's interface, by the interface's id."""
    wanted = [{"Name": "interface-type", "Values": ["lambda"]}]
    found = ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
    return {each["NetworkInterfaceId"]: each["SubnetId"] for each in found}


def test_functions_share_interfaces_and_the_last_one_frees_them(
    ec2: Any, network: Network, functions: Any
) -> None:
    place = {"SubnetIds": list(network.private.values()), "SecurityGroupIds": [group(ec2, network)]}
    create(functions, "one", VpcConfig=place)
    shared = interfaces(ec2)
    assert sorted(shared.values()) == sorted(network.private.values())

    create(functions, "two", VpcConfig=place)
    assert interfaces(ec2) == shared

    functions.delete_function(FunctionName="one")
    assert interfaces(ec2) == shared
    assert refusal(ec2.delete_subnet, SubnetId=network.private["us-east-1a"])["Code"] == "DependencyViolation"

    functions.delete_function(FunctionName="two")
    assert interfaces(ec2) == {}


def test_interfaces_linger_after_their_last_function_if_told_to(
    region: Region, ec2: Any, network: Network, functions: Any
) -> None:
    subnet = network.private["us-east-1a"]
    place = {"SubnetIds": [subnet], "SecurityGroupIds": [group(ec2, network)]}
    region.settings = region.settings.changed({"interface_linger_seconds": 1})
    create(functions, "one", VpcConfig=place)
    standing = interfaces(ec2)
    functions.delete_function(FunctionName="one")
    create(functions, "two", VpcConfig=place)
    assert interfaces(ec2) == standing
    time.sleep(1.2)  # long enough for the first function's interface to go, were it not needed again
    assert interfaces(ec2) == standing
    functions.delete_function(FunctionName="two")
    assert interfaces(ec2) == standing
    settled = len(region.settled)
    assert refusal(ec2.delete_subnet, SubnetId=subnet)["Code"] == "DependencyViolation"
    eventually(lambda: interfaces(ec2) == {})
    eventually(lambda: len(region.settled) > settled)
    ec2.delete_subnet(SubnetId=subnet)


@pytest.mark.parametrize("linger", [0, 1], ids=["at once", "lingering"])
def test_interfaces_without_their_role_stay_available(
    region: Region, ec2: Any, network: Network, functions: Any, linger: int
) -> None:
    subnet, role = network.private["us-east-1a"], region.client("iam")
    place = {"SubnetIds": [subnet], "SecurityGroupIds": [group(ec2, network)]}
    region.settings = region.settings.changed({"interface_linger_seconds": linger})
    create(functions, "one", VpcConfig=place)
    (interface,) = interfaces(ec2)

    def shown() -> dict[str, Any]:
        found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        return dict(found[0])

    if not linger:  # the role goes first
        role.delete_role(RoleName="function")
        functions.delete_function(FunctionName="one")
    else:
        functions.delete_function(FunctionName="one")
        role.delete_role(RoleName="function")
        assert shown()["Status"] == "in-use"
        assert shown()["Attachment"]["InstanceOwnerId"] == "amazon-aws"
        assert refusal(ec2.delete_network_interface, NetworkInterfaceId=interface)["Code"] == (
            "OperationNotPermitted"
        )
    eventually(lambda: shown()["Status"] == "available")
    assert "Attachment" not in shown()
    assert shown()["Description"].startswith("AWS Lambda VPC ENI-one-")
    assert refusal(ec2.delete_subnet, SubnetId=subnet)["Code"] == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=subnet)


def test_place_of_an_abandoned_interface_gets_another(
    region: Region, ec2: Any, network: Network, functions: Any
) -> None:
    place = {"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": [group(ec2, network)]}
    create(functions, "one", VpcConfig=place)
    (abandoned,) = interfaces(ec2)
    iam = region.client("iam")
    iam.delete_role(RoleName="function")
    functions.delete_function(FunctionName="one")
    iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    create(functions, "two", VpcConfig=place)
    assert len(interfaces(ec2)) == 2
    functions.delete_function(FunctionName="two")
    assert list(interfaces(ec2)) == [abandoned]


def test_functions_of_other_groups_have_interfaces_of_their_own(
    ec2: Any, network: Network, functions: Any
) -> None:
    subnets = [network.private["us-east-1a"]]
    for name in ("one", "two"):
        place = {"SubnetIds": subnets, "SecurityGroupIds": [group(ec2, network, name)]}
        create(functions, name, VpcConfig=place)

    assert list(interfaces(ec2).values()) == subnets * 2


def test_interfaces_follow_a_change_of_place(ec2: Any, network: Network, functions: Any) -> None:
    groups = [group(ec2, network)]
    create(
        functions,
        VpcConfig={"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": groups},
    )

    moved = {"SubnetIds": [network.private["us-east-1b"]], "SecurityGroupIds": groups}
    functions.update_function_configuration(FunctionName="one", VpcConfig=moved)
    assert list(interfaces(ec2).values()) == [network.private["us-east-1b"]]
    shown = functions.get_function_configuration(FunctionName="one")["VpcConfig"]
    assert (shown["SubnetIds"], shown["VpcId"]) == (moved["SubnetIds"], network.vpc)

    (default,) = (
        each["GroupId"]
        for each in ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])[
            "SecurityGroups"
        ]
    )
    functions.update_function_configuration(FunctionName="one", VpcConfig={"SecurityGroupIds": [default]})
    shown = functions.get_function_configuration(FunctionName="one")["VpcConfig"]
    assert (shown["SubnetIds"], shown["SecurityGroupIds"]) == (moved["SubnetIds"], [default])

    functions.update_function_configuration(
        FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )
    assert interfaces(ec2) == {}
    assert functions.get_function_configuration(FunctionName="one")["VpcConfig"]["VpcId"] == ""


def test_published_version_keeps_its_interfaces(ec2: Any, network: Network, functions: Any) -> None:
    place = {"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": [group(ec2, network)]}
    made = create(functions, VpcConfig=place, Publish=True)
    assert made["Version"] == "1"

    functions.update_function_configuration(
        FunctionName="one", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
    )

    assert list(interfaces(ec2).values()) == place["SubnetIds"]


def test_unknown_place_is_refused_and_leaves_no_function(ec2: Any, network: Network, functions: Any) -> None:
    known, subnet = group(ec2, network), network.private["us-east-1a"]
    for subnets, groups, cause in (
        (["subnet-0123456789abcdef0"], [known], "InvalidSubnetID.NotFound"),
        ([subnet], ["sg-0123456789abcdef0"], "InvalidGroup.NotFound"),
        ([subnet], [], "both SubnetIds and SecurityGroupIds"),
    ):
        place = {"SubnetIds": subnets, "SecurityGroupIds": groups}
        error = refusal(lambda place=place: create(functions, VpcConfig=place))
        assert error["Code"] == "InvalidParameterValueException"
        assert cause in error["Message"]
    assert functions.list_functions()["Functions"] == []
    assert interfaces(ec2) == {}


def test_a_full_subnet_makes_no_function_and_moves_none(ec2: Any, functions: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    full, other, third = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.0.{at}/28")["Subnet"]["SubnetId"] for at in (0, 16, 32)
    )
    made = ec2.create_security_group(GroupName="functions", Description="functions", VpcId=vpc)
    for _ in range(11):
        ec2.create_network_interface(SubnetId=full)
    here = {"SubnetIds": [other], "SecurityGroupIds": [made["GroupId"]]}
    both = {"SubnetIds": [third, full], "SecurityGroupIds": [made["GroupId"]]}
    create(functions, "two", VpcConfig=here)
    standing = interfaces(ec2)
    for call in (
        lambda: create(functions, "one", VpcConfig=both),
        lambda: functions.update_function_configuration(FunctionName="two", VpcConfig=both),
    ):
        error = refusal(call)
        assert error["Code"] == "InvalidParameterValueException"
        assert "InsufficientFreeAddressesInSubnet" in error["Message"]
    assert interfaces(ec2) == standing
    assert [each["FunctionName"] for each in functions.list_functions()["Functions"]] == ["two"]
    shown = functions.get_function_configuration(FunctionName="two")["VpcConfig"]
    assert shown["SubnetIds"] == here["SubnetIds"]


def test_invocation_runs_the_function_as_it_is_described(
    region: Region, ec2: Any, network: Network, functions: Any
) -> None:
    place = {"SubnetIds": list(network.private.values()), "SecurityGroupIds": [group(ec2, network)]}
    made = create(
        functions,
        VpcConfig=place,
        Timeout=7,
        MemorySize=256,
        Environment={"Variables": {"B": "2", "A": "1"}},
    )

    answer = functions.invoke(FunctionName="one", Payload=b'{"event": 1}')

    assert json.load(answer["Payload"]) == {"event": 1}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    ((spec, event),) = region.runner.invoked
    assert spec.arn == event.function_arn == made["FunctionArn"]
    assert spec.code == zipped("first")
    assert spec.code_sha256 == made["CodeSha256"]
    assert spec.environment == (("A", "1"), ("B", "2"))
    assert (spec.handler, spec.runtime, spec.timeout, spec.memory) == (
        "handler.handler",
        "python3.13",
        7,
        256,
    )
    assert spec.interface_ids == tuple(sorted(interfaces(ec2)))


def state_of(functions: Any) -> tuple[str, str]:
    shown = functions.get_function_configuration(FunctionName="one")
    return shown["State"], shown["LastUpdateStatus"]


def test_states_on_the_way_are_shown_and_refuse_what_aws_refuses(region: Region, functions: Any) -> None:
    lasting = region.settings.changed({"transition_ms": 60_000})
    region.settings, settled = lasting, region.settings
    made = create(functions)
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    changes = (
        (functions.update_function_configuration, {"Timeout": 9}),
        (functions.update_function_code, {"ZipFile": zipped("second")}),
        (functions.publish_version, {}),
    )
    for call, change in ((functions.invoke, {}), *changes):
        refused = refusal(call, FunctionName="one", **change)
        assert refused["Code"] == "ResourceConflictException" and "Pending" in refused["Message"]
    functions.delete_function(FunctionName="one")

    region.settings = settled
    create(functions)
    assert state_of(functions) == ("Active", "Successful")
    region.settings = lasting
    functions.update_function_configuration(FunctionName="one", Timeout=8)
    assert state_of(functions) == ("Active", "InProgress")
    for call, change in changes:
        refused = refusal(call, FunctionName="one", **change)
        assert refused["Code"] == "ResourceConflictException" and "in progress" in refused["Message"]
    functions.invoke(FunctionName="one")
    assert [spec.timeout for spec, _ in region.runner.invoked] == [8]


def test_failed_invocation_says_so_and_shows_its_log_if_asked(region: Region, functions: Any) -> None:
    create(functions)
    region.runner.answer = lambda payload: (b'{"errorType": "Boom"}', True)

    answer = functions.invoke(FunctionName="one", LogType="Tail")

    assert answer["FunctionError"] == "Unhandled"
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) == 4096
    assert tail.endswith(b"x\n")


def test_payload_must_be_json(functions: Any) -> None:
    create(functions)

    error = refusal(functions.invoke, FunctionName="one", Payload=b"{")

    assert error["Code"] == "InvalidRequestContentException"


def test_dry_run_runs_nothing(region: Region, functions: Any) -> None:
    create(functions)

    assert functions.invoke(FunctionName="one", InvocationType="DryRun")["StatusCode"] == 204
    assert region.runner.invoked == []


def test_changed_and_deleted_functions_are_forgotten(region: Region, functions: Any) -> None:
    arn = create(functions)["FunctionArn"]

    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"))
    functions.update_function_configuration(FunctionName="one", Timeout=9)
    functions.delete_function(FunctionName="one")

    assert region.runner.forgotten == [(arn, "$LATEST")] * 3


def test_logs_go_to_the_group_of_the_function(region: Region, functions: Any) -> None:
    group_name = unique("/of/its/own")
    made = create(functions, LoggingConfig={"LogGroup": group_name})
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": group_name}

    functions.invoke(FunctionName="one")

    events = region.client("logs").filter_log_events(logGroupName=group_name)["events"]
    assert [each["message"].split()[0] for each in events] == ["START", "END", "REPORT"]
    assert {each["logStreamName"] for each in events} == {"2025/01/31/[$LATEST]0123456789abcdef"}


def test_logs_without_a_group_go_to_the_usual_one(region: Region, functions: Any) -> None:
    name = unique("one")
    create(functions, name)

    functions.invoke(FunctionName=name)

    assert region.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]


def test_unknown_function_cannot_be_invoked(functions: Any) -> None:
    assert refusal(functions.invoke, FunctionName="none")["Code"] == "ResourceNotFoundException"


def test_dead_letters_are_shown_and_can_be_taken_back(functions: Any) -> None:
    topic = {"TargetArn": "arn:aws:sns:us-east-1:123456789012:dead"}
    assert create(functions, DeadLetterConfig=topic)["DeadLetterConfig"] == topic
    assert functions.get_function_configuration(FunctionName="one")["DeadLetterConfig"] == topic
    functions.update_function_configuration(FunctionName="one", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in functions.get_function_configuration(FunctionName="one")
