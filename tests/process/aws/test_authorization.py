"""Enforced IAM: principals, refusals of each service, resource policies and dependent actions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.iam.rows import allow, deny
from tests.support.served.region import Region, api_error, error_code, two_zones, unique

ACCOUNT = "123456789012"
DENIED = "because no identity-based policy allows the"

UNKNOWN_SESSION = f"ASIA{'0' * 16}"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any = None, **elements: Any) -> str:
    names = principal or {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": names, **elements})


class Role:
    """A role that was assumed, and clients with its credentials."""

    def __init__(self, region: Region, *statements: dict[str, Any], **options: Any) -> None:
        self.name = unique("r")[:40]
        self._region = region
        iam = region.client("iam")
        created = iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=trust(), **options.pop("role", {})
        )
        self.arn = created["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=self.name, PolicyName="p", PolicyDocument=policy(*statements))
        sts = region.client("sts")
        answer = sts.assume_role(RoleArn=self.arn, RoleSessionName="run", **options)
        self.credentials = answer["Credentials"]
        self.session_arn = answer["AssumedRoleUser"]["Arn"]

    def client(self, service: str, region: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            endpoint_url=self._region.url,
            region_name=region,
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


@pytest.fixture
def role(enforced: Region) -> Callable[..., Role]:
    return lambda *statements, **options: Role(enforced, *statements, **options)


def test_policies_are_not_evaluated_unless_enforced(region: Region) -> None:
    assert Role(region).client("ec2").describe_vpcs()["Vpcs"] == []


def test_caller_identity_is_the_session_or_the_accounts_user(role: Any, region: Region) -> None:
    session = role()
    assert session.client("sts").get_caller_identity()["Arn"] == session.session_arn
    assert region.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/lab"


def test_accounts_user_may_do_everything(enforced: Region) -> None:
    assert enforced.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def test_role_may_do_what_its_policies_allow_and_nothing_else(role: Any) -> None:
    ec2 = role(allow("ec2:DescribeVpcs")).client("ec2")
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert error_code(ec2.describe_subnets) == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "status", "code", "action", "resource"),
    [
        (
            "ec2",
            "create_vpc",
            {"CidrBlock": "10.0.0.0/16"},
            403,
            "UnauthorizedOperation",
            "ec2:CreateVpc",
            f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/*",
        ),
        ("ec2", "describe_vpcs", {}, 403, "UnauthorizedOperation", "ec2:DescribeVpcs", ""),
        (
            "elasticache",
            "describe_cache_clusters",
            {},
            403,
            "AccessDenied",
            "elasticache:DescribeCacheClusters",
            f"arn:aws:elasticache:us-east-1:{ACCOUNT}:cluster:*",
        ),
        (
            "lambda",
            "get_function",
            {"FunctionName": "f"},
            403,
            "AccessDeniedException",
            "lambda:GetFunction",
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        ),
        ("lambda", "list_functions", {}, 403, "AccessDeniedException", "lambda:ListFunctions", ""),
        (
            "iam",
            "get_user",
            {"UserName": "u"},
            403,
            "AccessDenied",
            "iam:GetUser",
            f"arn:aws:iam::{ACCOUNT}:user/u",
        ),
        (
            "s3",
            "list_objects_v2",
            {"Bucket": "bucket"},
            403,
            "AccessDenied",
            "s3:ListBucket",
            "arn:aws:s3:::bucket",
        ),
        (
            "s3",
            "get_object",
            {"Bucket": "bucket", "Key": "k/l"},
            403,
            "AccessDenied",
            "s3:GetObject",
            "arn:aws:s3:::bucket/k/l",
        ),
        ("s3", "list_buckets", {}, 403, "AccessDenied", "s3:ListAllMyBuckets", ""),
        (
            "logs",
            "create_log_group",
            {"logGroupName": "/g"},
            400,
            "AccessDeniedException",
            "logs:CreateLogGroup",
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/g:log-stream:",
        ),
        (
            "cloudwatch",
            "delete_alarms",
            {"AlarmNames": ["a"]},
            403,
            "AccessDenied",
            "cloudwatch:DeleteAlarms",
            f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:a",
        ),
        (
            "sns",
            "create_topic",
            {"Name": "t"},
            403,
            "AuthorizationError",
            "SNS:CreateTopic",
            f"arn:aws:sns:us-east-1:{ACCOUNT}:t",
        ),
        (
            "sqs",
            "create_queue",
            {"QueueName": "q"},
            400,
            "AccessDenied",
            "sqs:createqueue",
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
        ),
        (
            "ssm",
            "get_parameter",
            {"Name": "/a/b"},
            400,
            "AccessDeniedException",
            "ssm:GetParameter",
            f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/a/b",
        ),
        (
            "resourcegroupstaggingapi",
            "get_resources",
            {},
            400,
            "AccessDeniedException",
            "tag:GetResources",
            "",
        ),
        (
            "service-quotas",
            "get_service_quota",
            {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"},
            400,
            "AccessDeniedException",
            "servicequotas:GetServiceQuota",
            f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:vpc/L-F678F1CE",
        ),
    ],
)
def test_denial_is_the_services_error(
    role: Any,
    service: str,
    operation: str,
    parameters: Any,
    status: int,
    code: str,
    action: str,
    resource: str,
) -> None:
    session = role()
    error = api_error(getattr(session.client(service), operation), **parameters)
    on = f" on resource: {resource}" if resource else ""
    message = (
        f"User: {session.session_arn} is not authorized to perform: {action}{on} {DENIED} {action} action"
    )
    prefix = "You are not authorized to perform this operation. " if service == "ec2" else ""
    assert error == (status, code, prefix + message)


def test_denied_call_changes_nothing(role: Any, enforced: Region) -> None:
    error_code(role().client("ec2").create_vpc, CidrBlock="10.0.0.0/16")
    assert enforced.client("ec2").describe_vpcs()["Vpcs"] == []


def test_dry_run_is_authorized_first(role: Any) -> None:
    ec2 = role().client("ec2")
    assert error_code(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "UnauthorizedOperation"


def test_explicit_deny_is_named_in_the_message(role: Any) -> None:
    session = role(allow("*"), deny("ec2:DescribeVpcs"))
    message = api_error(session.client("ec2").describe_vpcs).message
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_session_policy_limits_a_session(role: Any) -> None:
    session = role(allow("*"), Policy=policy(allow("ec2:DescribeVpcs")))
    session.client("ec2").describe_vpcs()
    message = api_error(session.client("ec2").describe_subnets).message
    assert message.endswith("because no session policy allows the ec2:DescribeSubnets action")


def test_managed_session_policy_limits_a_session(role: Any) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    session = role(allow("*"), PolicyArns=[{"arn": arn}])
    session.client("s3").list_buckets()
    assert error_code(session.client("ec2").describe_vpcs) == "UnauthorizedOperation"


def test_permissions_boundary_limits_a_role(role: Any) -> None:
    boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    session = role(allow("*"), role={"PermissionsBoundary": boundary})
    message = api_error(session.client("ec2").describe_vpcs).message
    assert message.endswith("because no permissions boundary allows the ec2:DescribeVpcs action")


def test_managed_policy_of_a_role_allows(role: Any, enforced: Region) -> None:
    session = role()
    enforced.client("iam").attach_role_policy(
        RoleName=session.name, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
    )
    assert session.client("ec2").describe_vpcs()["Vpcs"] == []


def test_users_group_policies_apply(enforced: Region) -> None:
    iam, name = enforced.client("iam"), unique("u")
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=policy(allow("ec2:DescribeVpcs")))
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    ec2 = enforced.client("ec2", account=key)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert f":user/{name} is not authorized" in api_error(ec2.describe_subnets).message


def test_trust_policy_decides_who_may_assume_a_role(enforced: Region) -> None:
    iam, name = enforced.client("iam"), unique("r")
    service = trust({"Service": "lambda.amazonaws.com"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=service)["Role"]["Arn"]
    sts = enforced.client("sts")
    assert api_error(sts.assume_role, RoleArn=arn, RoleSessionName="run").code == "AccessDenied"
    external = trust(Condition={"StringEquals": {"sts:ExternalId": "id"}})
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=external)
    assert error_code(sts.assume_role, RoleArn=arn, RoleSessionName="run") == "AccessDenied"
    assert sts.assume_role(RoleArn=arn, RoleSessionName="run", ExternalId="id")


def test_role_that_does_not_exist_cannot_be_assumed(enforced: Region) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/unknown"
    assert (
        error_code(enforced.client("sts").assume_role, RoleArn=arn, RoleSessionName="run") == "AccessDenied"
    )


def test_unknown_temporary_credentials_are_rejected(enforced: Region) -> None:
    assert error_code(enforced.client("ec2", account=UNKNOWN_SESSION).describe_vpcs) == "AuthFailure"
    sns = enforced.client("sns", account=UNKNOWN_SESSION)
    assert error_code(sns.list_topics) == "InvalidClientTokenId"


def test_tags_in_the_request_and_of_resources_are_conditions(role: Any) -> None:
    stack = {"StringLike": {"aws:RequestTag/Stack": "ci-*"}}
    of_stack = {"StringLike": {"aws:ResourceTag/Stack": "ci-*"}}
    ec2 = role(
        allow("ec2:CreateVpc", Condition=stack),
        allow("ec2:CreateTags", Condition={"StringEquals": {"ec2:CreateAction": "CreateVpc"}}),
        allow("ec2:DeleteVpc", Condition=of_stack),
    ).client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Stack", "Value": "ci-1"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    other = [{"ResourceType": "vpc", "Tags": [{"Key": "Stack", "Value": "prod"}]}]
    assert "vpc/*" in api_error(ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=other).message
    retagging = {"Resources": [vpc], "Tags": [{"Key": "Stack", "Value": "prod"}]}
    assert f"ec2:CreateTags on resource: arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/{vpc}" in (
        api_error(ec2.create_tags, **retagging).message
    )
    ec2.delete_vpc(VpcId=vpc)


def test_parent_of_a_new_resource_is_authorized(role: Any, enforced: Region) -> None:
    vpc = enforced.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2 = role(allow("ec2:CreateSubnet", f"arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/*")).client("ec2")
    message = api_error(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24").message
    assert f"on resource: arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/{vpc}" in message


def test_requested_region_is_a_condition(role: Any) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    session = role(allow("ec2:DescribeVpcs", Condition=condition))
    session.client("ec2").describe_vpcs()
    assert error_code(session.client("ec2", "eu-west-1").describe_vpcs) == "UnauthorizedOperation"


def test_association_is_authorized_by_what_it_joins(role: Any, enforced: Region) -> None:
    admin = enforced.client("ec2")
    network = two_zones(admin)
    table = admin.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    subnet = next(iter(network.private.values()))
    association = admin.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
    ec2 = role(allow("ec2:DisassociateRouteTable", f"{arn}route-table/{table}")).client("ec2")
    message = api_error(ec2.disassociate_route_table, AssociationId=association).message
    assert f"{arn}subnet/{subnet}" in message


def test_function_needs_permission_to_pass_its_role(role: Any, enforced: Region, made: bytes) -> None:
    execution = enforced.client("iam").create_role(
        RoleName=unique("f"), AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )["Role"]["Arn"]
    creation = {
        "FunctionName": unique("f"),
        "Role": execution,
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Code": {"ZipFile": made},
    }
    client = role(allow("lambda:*")).client("lambda")
    error = api_error(client.create_function, **creation)
    assert f"is not authorized to perform: iam:PassRole on resource: {execution}" in error.message
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    client = role(allow("lambda:*"), allow("iam:PassRole", execution, Condition=to_lambda)).client("lambda")
    assert client.create_function(**creation)["Role"] == execution


@pytest.fixture
def made() -> bytes:
    import io
    import zipfile

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("h.py", "def h(event, context): return event")
    return data.getvalue()


def test_bucket_policy_allows_and_denies(role: Any, enforced: Region) -> None:
    session, admin, bucket = role(), enforced.client("s3"), unique("b")
    admin.create_bucket(Bucket=bucket)
    admin.put_object(Bucket=bucket, Key="k", Body=b"x")
    objects = f"arn:aws:s3:::{bucket}/*"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": session.arn},
        "Action": "s3:GetObject",
        "Resource": objects,
    }
    admin.put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    assert session.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert error_code(session.client("s3").put_object, Bucket=bucket, Key="k", Body=b"") == "AccessDenied"
    admin.put_bucket_policy(Bucket=bucket, Policy=policy({**statement, "Effect": "Deny", "Principal": "*"}))
    error = api_error(admin.get_object, Bucket=bucket, Key="k")
    assert error.message.endswith("with an explicit deny in a resource-based policy")


def test_queue_policy_allows_a_role(role: Any, enforced: Region) -> None:
    session, sqs = role(), enforced.client("sqs")
    url = sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
    assert error_code(session.client("sqs").send_message, QueueUrl=url, MessageBody="x") == "AccessDenied"
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": session.arn},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
    assert session.client("sqs").send_message(QueueUrl=url, MessageBody="x")["MessageId"]


def test_policy_of_a_function_allows_a_role(role: Any, enforced: Region, made: bytes) -> None:
    session, admin, name = role(), enforced.client("lambda"), unique("f")
    execution = enforced.client("iam").create_role(
        RoleName=unique("f"), AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )["Role"]["Arn"]
    admin.create_function(
        FunctionName=name, Role=execution, Runtime="python3.12", Handler="h.h", Code={"ZipFile": made}
    )
    assert error_code(session.client("lambda").get_function, FunctionName=name) == "AccessDeniedException"
    admin.add_permission(
        FunctionName=name, StatementId="s", Action="lambda:GetFunction", Principal=session.arn
    )
    assert session.client("lambda").get_function(FunctionName=name)["Configuration"]["Role"] == execution


def test_cluster_needs_the_actions_that_it_depends_on(role: Any, enforced: Region) -> None:
    network = two_zones(enforced.client("ec2"))
    admin = enforced.client("elasticache")
    admin.create_cache_subnet_group(
        CacheSubnetGroupName="g", CacheSubnetGroupDescription="d", SubnetIds=[*network.private.values()]
    )
    creation = {
        "CacheClusterId": "c",
        "Engine": "memcached",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheNodes": 1,
        "CacheSubnetGroupName": "g",
        "Tags": [{"Key": "Stack", "Value": "ci-1"}],
    }
    needed = [
        "elasticache:CreateCacheCluster",
        "elasticache:AddTagsToResource",
        "iam:CreateServiceLinkedRole",
    ]
    needed += ["ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeNetworkInterfaces"]
    needed += ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
    for missing in needed:
        client = role(allow([each for each in needed if each != missing])).client("elasticache")
        assert (
            f"is not authorized to perform: {missing}"
            in api_error(client.create_cache_cluster, **creation).message
        )
    assert role(allow(needed)).client("elasticache").create_cache_cluster(**creation)["CacheCluster"]


def test_serverless_cache_needs_the_actions_on_its_endpoint(role: Any, enforced: Region) -> None:
    network = two_zones(enforced.client("ec2"))
    creation = {
        "ServerlessCacheName": "c",
        "Engine": "memcached",
        "SubnetIds": [*network.private.values()],
        "Tags": [{"Key": "Stack", "Value": "ci-1"}],
    }
    needed = ["elasticache:CreateServerlessCache", "elasticache:AddTagsToResource"]
    needed += ["iam:CreateServiceLinkedRole", "ec2:DescribeVpcEndpoints", "ec2:DescribeSubnets"]
    needed += ["ec2:DescribeSecurityGroups", "ec2:DescribeTags", "ec2:DescribeVpcs"]
    needed += ["ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints", "ec2:CreateTags"]
    for missing in needed:
        client = role(allow([each for each in needed if each != missing])).client("elasticache")
        assert (
            f"is not authorized to perform: {missing}"
            in api_error(client.create_serverless_cache, **creation).message
        )
    client = role(allow(needed)).client("elasticache")
    assert client.create_serverless_cache(**creation)["ServerlessCache"]["Status"] == "creating"


def test_function_in_a_vpc_needs_a_role_for_network_interfaces(enforced: Region, made: bytes) -> None:
    iam, ec2, name = enforced.client("iam"), enforced.client("ec2"), unique("f")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    network = two_zones(ec2)
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network.vpc)["GroupId"]
    creation = {
        "FunctionName": name,
        "Role": role,
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Code": {"ZipFile": made},
        "VpcConfig": {"SubnetIds": [*network.private.values()], "SecurityGroupIds": [group]},
    }
    create = enforced.client("lambda").create_function
    assert api_error(create, **creation).message == (
        "The role defined for the function cannot be assumed by Lambda."
    )
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    assert api_error(create, **creation).message == (
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
    )
    iam.attach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    )
    assert create(**creation)["Role"] == role
