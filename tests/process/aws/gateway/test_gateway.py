from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
import requests

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import Region, api_error, error_code, serve, unique
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.ec2.backend import ec2_of


def test_successful_changes_are_reconciled_before_response(region: Region) -> None:
    ec2 = region.client("ec2")

    ec2.create_vpc(CidrBlock="10.0.0.0/24")
    assert len(region.reconciled) == 1
    assert len(region.reconciled[0].vpcs) == 1

    ec2.describe_vpcs()
    api_error(ec2.create_vpc, CidrBlock="10.0.0.0/8")
    region.client("elasticache").describe_cache_clusters()
    region.client("lambda").list_functions()
    region.client("iam").create_user(UserName=unique("user"))
    assert len(region.reconciled) == 1


def test_body_in_chunks_is_read_and_passed_on(region: Region) -> None:
    scope = "Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
    answer = requests.post(
        region.url,
        data=(part for part in (b"Action=CreateVpc&CidrBlock=", b"10.9.0.0/16&Version=2016-11-15")),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}",
        },
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert [vpc["CidrBlock"] for vpc in region.client("ec2").describe_vpcs()["Vpcs"]] == ["10.9.0.0/16"]


def test_failed_reconcile_is_internal_failure_with_cause(
    region: Region, caplog: pytest.LogCaptureFixture
) -> None:
    region.reconcile_error = RuntimeError("cannot create the interface")

    status, code, message = api_error(region.client("ec2").create_vpc, CidrBlock="10.0.0.0/24")

    assert (status, code) == (500, "InternalFailure")
    assert "CreateVpc" in message
    assert "cannot create the interface" in message
    assert "Traceback" in caplog.text


def test_reads_and_invocations_are_not_blocked_by_changes(region: Region) -> None:
    reconciling, finish = threading.Event(), threading.Event()

    def slow() -> None:
        reconciling.set()
        assert finish.wait(10)

    region.reconcile = slow  # type: ignore[method-assign]
    ec2 = region.client("ec2")
    change = threading.Thread(target=ec2.create_vpc, kwargs={"CidrBlock": "10.0.0.0/24"})
    change.start()
    try:
        assert reconciling.wait(10)
        assert len(ec2.describe_vpcs()["Vpcs"]) == 1
        code = error_code(region.client("lambda").invoke, FunctionName="none")
        assert code == "ResourceNotFoundException"
    finally:
        finish.set()
        change.join()


def test_changes_are_serialized(region: Region) -> None:
    running, overlaps = threading.Lock(), []

    def reconcile() -> None:
        overlaps.append(not running.acquire(blocking=False))
        threading.Event().wait(0.02)
        running.release()

    region.reconcile = reconcile  # type: ignore[method-assign]
    ec2 = region.client("ec2")
    changes = [
        threading.Thread(target=ec2.create_vpc, kwargs={"CidrBlock": f"10.{number}.0.0/24"})
        for number in range(5)
    ]
    for each in changes:
        each.start()
    for each in changes:
        each.join()

    assert overlaps == [False] * 5


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action"),
    [
        ("ec2", "describe_verified_access_groups", {}, "DescribeVerifiedAccessGroups"),
        ("elasticache", "describe_events", {}, "DescribeEvents"),
        (
            "elasticache",
            "create_replication_group",
            {"ReplicationGroupId": "a", "ReplicationGroupDescription": "a"},
            "CreateReplicationGroup",
        ),
        ("lambda", "list_code_signing_configs", {}, "ListCodeSigningConfigs"),
        ("cloudtrail", "list_channels", {}, "ListChannels"),
        ("globalaccelerator", "list_accelerators", {}, "ListAccelerators"),
        ("ec2", "run_instances", {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}, "RunInstances"),
        (
            "ec2",
            "create_launch_template",
            {"LaunchTemplateName": "a", "LaunchTemplateData": {"ImageId": "ami-1"}},
            "CreateLaunchTemplate",
        ),
        ("ec2", "create_transit_gateway", {}, "CreateTransitGateway"),
        (
            "ec2",
            "create_vpc_peering_connection",
            {"VpcId": "vpc-1", "PeerVpcId": "vpc-2"},
            "CreateVpcPeeringConnection",
        ),
        ("ecs", "create_cluster", {"clusterName": "a"}, "CreateCluster"),
        (
            "rds",
            "create_db_instance",
            {"DBInstanceIdentifier": "a", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"},
            "CreateDBInstance",
        ),
        ("elbv2", "create_load_balancer", {"Name": "a"}, "CreateLoadBalancer"),
        ("route53", "get_checker_ip_ranges", {}, "GetCheckerIpRanges"),
        (
            "route53",
            "create_hosted_zone",
            {
                "Name": "a.example",
                "CallerReference": "a",
                "VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
            },
            "hostedzone",
        ),
        (
            "elasticache",
            "create_serverless_cache_snapshot",
            {"ServerlessCacheSnapshotName": "a", "ServerlessCacheName": "b"},
            "CreateServerlessCacheSnapshot",
        ),
    ],
)
def test_unsupported_action_is_rejected_by_name(
    region: Region, service: str, call: str, arguments: dict[str, Any], action: str
) -> None:
    status, code, message = api_error(getattr(region.client(service), call), **arguments)

    assert (status, code) == (501, "NotImplemented")
    assert action in message


def test_unsupported_services_can_be_listed(region: Region) -> None:
    assert region.client("ecs").list_clusters()["clusterArns"] == []
    assert region.client("rds").describe_db_instances()["DBInstances"] == []


def test_dry_run_changes_nothing(region: Region) -> None:
    ec2 = region.client("ec2")

    status, code, _ = api_error(ec2.create_vpc, CidrBlock="10.0.0.0/24", DryRun=True)

    assert (status, code) == (412, "DryRunOperation")
    assert ec2.describe_vpcs()["Vpcs"] == []


def test_deleted_resources_free_memory(region: Region) -> None:
    ec2 = region.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    reference = weakref.ref(ec2_of(ACCOUNT, "us-east-1").get_vpc(vpc))
    ec2.delete_vpc(VpcId=vpc)
    gc.collect()
    assert reference() is None


def test_moto_api_is_closed(region: Region) -> None:
    region.client("ec2").create_vpc(CidrBlock="10.0.0.0/24")

    assert requests.post(f"{region.url}/moto-api/reset", timeout=10).status_code == 501
    assert len(region.client("ec2").describe_vpcs()["Vpcs"]) == 1


def test_roles_attach_aws_managed_policies(region: Region) -> None:
    iam = region.client("iam")
    role = unique("function")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST_POLICY)
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"

    iam.attach_role_policy(RoleName=role, PolicyArn=arn)

    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached["PolicyArn"] == arn


def test_state_lock_is_exclusive(region: Region) -> None:
    s3 = region.client("s3")
    lock = {"Bucket": unique("state"), "Key": "dev.tflock"}
    s3.create_bucket(Bucket=lock["Bucket"])
    s3.put_object(**lock, Body=b"{}", IfNoneMatch="*")

    status, code, _ = api_error(s3.put_object, **lock, Body=b"{}", IfNoneMatch="*")
    assert (status, code) == (412, "PreconditionFailed")

    s3.delete_object(**lock)
    s3.put_object(**lock, Body=b"{}", IfNoneMatch="*")


def test_new_app_is_empty(region: Region) -> None:
    region.client("ec2").create_vpc(CidrBlock="10.0.0.0/24")

    with serve() as another:
        assert another.client("ec2").describe_vpcs()["Vpcs"] == []
