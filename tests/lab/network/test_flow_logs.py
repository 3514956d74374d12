"""Flow logs of a running lab: records of real packets, searched as platform teams search them."""

from __future__ import annotations

import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.network.vpc_factory import VpcFactory
from vpcache.lab.addresses import HOSTS, ORIGIN
from vpcache.lab.client import Lab

ZONE = "us-east-1a"
PORT = 11211
REJECTED = (
    '[version, account, eni, source, destination, srcport, destport="11211", protocol="6", packets, bytes, '
    'start, end, action="REJECT", status]'
)
_TIMEOUT = 20.0


@dataclass
class LoggedVpc:
    """A VPC with a function, and flow logs of it."""

    factory: VpcFactory
    function: str
    name: str

    @property
    def group(self) -> str:
        return f"/aws/vpc/{self.name}"

    def role(self, actions: str = "logs:*") -> str:
        """Create a role for flow logs that allows these actions, and return its ARN."""
        iam, name = self.factory.client("iam"), f"{self.name}-flow-logs"
        trust = {"Service": "vpc-flow-logs.amazonaws.com"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy("sts:AssumeRole", trust))
        iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=_policy(actions))
        return str(role["Role"]["Arn"])

    def log(self, **arguments: Any) -> str:
        """Create a flow log of the VPC and return its ID."""
        answer = self.factory.ec2.create_flow_logs(
            **{
                "ResourceIds": [self.factory.vpc],
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "MaxAggregationInterval": 60,
            }
            | arguments
        )
        assert answer["Unsuccessful"] == []
        return str(answer["FlowLogIds"][0])

    def log_to_group(self, role: str, **arguments: Any) -> str:
        """Create a log group, and a flow log that writes to it."""
        self.factory.client("logs").create_log_group(logGroupName=self.group)
        return self.log(LogGroupName=self.group, DeliverLogsPermissionArn=role, **arguments)

    def records(self, pattern: str, holds: Callable[[list[list[str]]], bool] = bool) -> list[list[str]]:
        """Return the fields of the records that a filter pattern finds, once they hold what is expected."""

        def search() -> list[list[str]]:
            found = self.factory.client("logs").filter_log_events(
                logGroupName=self.group, filterPattern=pattern
            )
            return [event["message"].split() for event in found["events"]]

        found: list[list[str]] = _eventually(search, holds)
        return found


@pytest.fixture(scope="module")
def vpc(own_lab: Lab) -> Iterator[tuple[VpcFactory, str]]:
    """A VPC and a function in one of its zones; minutes of flow logs take 0.2 s."""
    before = own_lab.settings().flow_log_minute_ms
    own_lab.configure(flow_log_minute_ms=200)
    factory = VpcFactory(own_lab)
    yield factory, factory.new_function("probe", ZONE)
    own_lab.configure(flow_log_minute_ms=before)


@pytest.fixture
def logged(vpc: tuple[VpcFactory, str]) -> Iterator[LoggedVpc]:
    """That VPC, whose flow logs are deleted at the end."""
    factory, function = vpc
    yield LoggedVpc(factory, function, f"{factory.name}-{secrets.token_hex(2)}")
    flow_logs = [each["FlowLogId"] for each in factory.ec2.describe_flow_logs()["FlowLogs"]]
    factory.ec2.delete_flow_logs(FlowLogIds=flow_logs)


def test_pattern_finds_who_was_refused_at_the_cache(logged: LoggedVpc) -> None:
    factory = logged.factory
    closed = factory.new_group("closed")
    interface = factory.ec2.create_network_interface(SubnetId=factory.private[ZONE], Groups=[closed])
    target = interface["NetworkInterface"]
    address = target["PrivateIpAddress"]
    logged.log_to_group(logged.role())

    assert factory.invoke(logged.function, address=address, port=PORT, timeout=0.3)["error"] == "TimeoutError"
    (record, *_) = logged.records(REJECTED)
    source = factory.invoke(logged.function)["answer"]

    assert record[:5] == ["2", "123456789012", target["NetworkInterfaceId"], source, address]
    assert (record[6], record[7], record[12], record[13]) == (str(PORT), "6", "REJECT", "OK")
    assert int(record[9]) == 60 * int(record[8])
    assert abs(int(record[10]) - time.time()) < 60 and int(record[10]) <= int(record[11])
    (sent, *_) = logged.records(
        f'[v, a, eni="{factory.interface_of(logged.function, ZONE)}", ..., x, status=OK]'
    )
    assert sent[12] == "ACCEPT", "the function's own group let it out"
    (drop,) = (drop for drop in factory.lab.drops() if drop.destination == address)
    assert (drop.resource_ids, drop.destination_port) == ((closed,), PORT)


def test_nat_gateway_has_its_own_records_with_its_addresses(logged: LoggedVpc) -> None:
    factory = logged.factory
    factory.attach_internet_gateway()
    gateway, _, _ = factory.new_nat_gateway(ZONE)
    nat = factory.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]
    address = nat["NatGatewayAddresses"][0]
    fields = (
        "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr flow-direction traffic-path tcp-flags az-id"
    )
    logged.log_to_group(logged.role(), LogFormat=" ".join(f"${{{each}}}" for each in fields.split()))
    origin = str(HOSTS[ORIGIN])

    source = factory.invoke(logged.function)["answer"]
    assert factory.invoke(logged.function, address=origin, port=443)["answer"] == "connected"
    found = logged.records("", lambda found: sum(origin in record for record in found) >= 4)

    own, nat_eni = factory.interface_of(logged.function, ZONE), address["NetworkInterfaceId"]
    through, zone = address["PrivateIp"], "use1-az6"
    records = {tuple(record[:7]) for record in found if origin in record}
    assert {record[8] for record in found} == {zone}
    assert records == {
        (own, source, origin, source, origin, "egress", "1"),
        (own, origin, source, origin, source, "ingress", "-"),
        (nat_eni, source, through, source, origin, "ingress", "-"),
        (nat_eni, through, origin, through, origin, "egress", "8"),
        (nat_eni, origin, through, origin, through, "ingress", "-"),
        (nat_eni, through, source, origin, source, "egress", "1"),
    }
    by_end = {tuple(record[1:6]): int(record[7]) for record in found if origin in record}
    assert by_end[source, origin, source, origin, "egress"] & 19 in (2, 3), "SYN, and FIN at its end"
    assert by_end[origin, source, origin, source, "ingress"] & 18 == 18, "SYN-ACK"


def test_interface_without_traffic_has_records_without_data(logged: LoggedVpc) -> None:
    logged.log_to_group(logged.role(), TrafficType="REJECT")

    interface = logged.factory.interface_of(logged.function, ZONE)
    (record, *_) = logged.records(f"NODATA {interface}")

    assert record[:10] == ["2", "123456789012", interface, *["-"] * 7]
    assert record[12:] == ["-", "NODATA"]
    streams = logged.factory.client("logs").describe_log_streams(logGroupName=logged.group)["logStreams"]
    assert f"{interface}-reject" in [stream["logStreamName"] for stream in streams]


def test_files_in_s3_have_records_below_documented_keys(logged: LoggedVpc) -> None:
    s3, bucket = logged.factory.client("s3"), f"{logged.name}-flow-logs"
    s3.create_bucket(Bucket=bucket)
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    flow_log = logged.log(
        LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{bucket}/vpc/", DestinationOptions=options
    )

    (key, *_) = _eventually(
        lambda: [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    )

    now = time.gmtime()
    partitions = "aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1"
    folder = f"vpc/AWSLogs/{partitions}/{time.strftime('year=%Y/month=%m/day=%d/hour=', now)}"
    assert key.startswith(folder)
    assert f"/123456789012_vpcflowlogs_us-east-1_{flow_log}_" in key and key.endswith(".log.gz")
    header, *lines = (
        gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode().splitlines()
    )
    assert header.split()[:5] == ["version", "account-id", "interface-id", "srcaddr", "dstaddr"]
    assert lines and all(len(line.split()) == len(header.split()) for line in lines)


def test_role_without_permission_fails_the_delivery(logged: LoggedVpc) -> None:
    flow_log = logged.log_to_group(logged.role("logs:DescribeLogStreams"))
    ec2 = logged.factory.ec2

    def status() -> dict[str, Any]:
        (shown,) = ec2.describe_flow_logs(FlowLogIds=[flow_log])["FlowLogs"]
        return dict(shown)

    shown = _eventually(status, lambda shown: shown["DeliverLogsStatus"] == "FAILED")
    assert shown["DeliverLogsErrorMessage"] == "Access error"
    failed = [{"Name": "deliver-log-status", "Values": ["FAILED"]}]
    assert [each["FlowLogId"] for each in ec2.describe_flow_logs(Filters=failed)["FlowLogs"]] == [flow_log]
    iam, name = logged.factory.client("iam"), f"{logged.name}-flow-logs"
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=_policy("logs:*"))
    _eventually(status, lambda shown: shown["DeliverLogsStatus"] == "SUCCESS")
    assert logged.records("NODATA")


def _eventually(look: Callable[[], Any], holds: Callable[[Any], Any] = bool) -> Any:
    deadline = time.monotonic() + _TIMEOUT
    while not holds(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


def _policy(actions: str, principal: dict[str, str] | None = None) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions}
    statement |= {"Principal": principal} if principal else {"Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
