"""What is left of a stack is found by its tag and can be removed; what is another's is not touched."""

import io
import json
import os
import secrets
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from vpcache.stack.leftovers import leftovers, remove
from vpcache.stack.resource_types import KINDS
from vpcache.stack.target import lab_target

# on AWS a cluster takes longer than its waiters here, and Lambda refuses a role without rights in EC2
pytestmark = pytest.mark.lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def name():
    return f"vpcache-left-{secrets.token_hex(4)}"


@pytest.fixture
def removed(target):
    """Names of stacks to remove at the end, whatever a test left of them."""
    names = []
    yield names
    for name in names:
        remove(target, leftovers(target, name), lambda _: None)


def test_one_of_every_kind_is_found_and_removed(target, name, removed):
    others = f"{name}-2"
    removed += [name, others]
    for stack in (name, others):
        _make_network(target, stack)
        _make_function(target, stack, _subnet(target, stack))
        _make_cache(target, stack, _subnet(target, stack))
        _await_cache(target, stack)
        _make_watch(target, stack)
    before = leftovers(target, others)

    left = leftovers(target, name)
    assert {item.kind for item in left} == {kind.name for kind in KINDS} - {"network interface"}
    gone = []
    assert remove(target, left, gone.append) == {}
    assert sorted(gone) == sorted(left)
    assert leftovers(target, name) == []
    assert leftovers(target, others) == before
    assert len(before) == len(left)


def test_what_bears_no_tag_is_told_and_not_touched(target, name, removed):
    logs = target.client("logs")
    group = f"/aws/lambda/{name}-cached-api"
    logs.create_log_group(logGroupName=group)
    try:
        (left,) = leftovers(target, name)
        assert (str(left), left.is_tagged) == (f"log group {group}", False)
        assert remove(target, [left], pytest.fail) == {}
        assert leftovers(target, name) == [left]
    finally:
        logs.delete_log_group(logGroupName=group)


def test_another_stacks_log_group_is_not_ours_though_its_name_begins_like_ours(target, name):
    logs = target.client("logs")
    group = f"/aws/lambda/{name}-2-cached-api"
    logs.create_log_group(logGroupName=group, tags={"Stack": f"{name}-2"})
    try:
        assert leftovers(target, name) == []
    finally:
        logs.delete_log_group(logGroupName=group)


def test_what_cannot_be_removed_is_returned_with_its_reason(target, name, removed):
    removed.append(name)
    vpc = _make_vpc(target, name)
    ec2 = target.client("ec2")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/26")["Subnet"]["SubnetId"]  # bears no tag
    try:
        (left,) = leftovers(target, name)
        refused = remove(target, [left], pytest.fail, timeout=0)
        assert list(refused) == [left]
        assert "DependencyViolation" in refused[left]
    finally:
        ec2.delete_subnet(SubnetId=subnet)


@pytest.fixture
def slow_target(vpcache_run, tmp_path):
    """A function that returns a target on a lab of the test's own, with states and delays that last."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")

        def target(**settings):
            lab.configure(**settings)
            return lab_target(lab.endpoint, os.environ)

        yield target


@pytest.mark.parametrize("change", ["create", "modify", "delete"])
def test_cluster_at_work_is_found_and_removed(slow_target, name, change):
    """Its tags cannot be read, and it cannot be deleted until it is available."""
    target = slow_target(transition_ms=500)
    vpc = _make_vpc(target, name)
    subnet = _make_subnet(target, name, vpc)
    cache = target.client("elasticache")
    if change == "create":
        target = slow_target(transition_ms=8000)
        _make_cache(target, name, subnet)
    else:
        _make_cache(target, name, subnet)
        _await_cache(target, name)
        target = slow_target(transition_ms=8000)
    if change == "modify":
        cache.modify_cache_cluster(CacheClusterId=name, NumCacheNodes=2, ApplyImmediately=True)
    if change == "delete":
        cache.delete_cache_cluster(CacheClusterId=name)
    with pytest.raises(cache.exceptions.CacheClusterNotFoundFault):
        (cluster,) = cache.describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
        cache.list_tags_for_resource(ResourceName=cluster["ARN"])

    left = leftovers(target, name)
    assert [item.is_tagged for item in left if item.kind == "cache cluster"] == [True]
    assert remove(target, left, lambda _: None) == {}
    assert leftovers(target, name) == []


def test_cluster_at_work_in_another_stacks_subnets_is_not_ours(slow_target, name):
    target = slow_target(transition_ms=60_000)
    other = f"{name}-2"
    _make_cache(target, other, _make_subnet(target, other, _make_vpc(target, other)))
    assert leftovers(target, name) == []


def test_function_interfaces_are_awaited_and_the_role_goes_after_them(slow_target, name):
    """Without its role Lambda leaves the interfaces behind; what they stand in cannot go before them."""
    target = slow_target(interface_linger_seconds=6, iam_lag_ms=0)
    _make_network(target, name)
    _make_function(target, name, _subnet(target, name))
    gone = []
    assert remove(target, leftovers(target, name), lambda item: gone.append(item.kind)) == {}
    assert leftovers(target, name) == []
    order = ["function", "function network interface", "subnet", "VPC"]
    assert sorted(order, key=gone.index) == order
    assert gone.index("function network interface") < gone.index("role")


def test_interface_that_lambda_left_behind_is_removed(slow_target, name):
    target = slow_target(interface_linger_seconds=1, iam_lag_ms=0)
    _make_network(target, name)
    _make_function(target, name, _subnet(target, name))
    target.client("iam").delete_role_policy(RoleName=f"{name}-role", PolicyName="nothing")
    target.client("iam").delete_role(RoleName=f"{name}-role")
    target.client("lambda").delete_function(FunctionName=f"{name}-probe")
    assert "function network interface" in {item.kind for item in leftovers(target, name)}
    assert remove(target, leftovers(target, name), lambda _: None) == {}
    assert leftovers(target, name) == []


def test_interface_of_a_function_that_stays_does_not_hold_up_the_rest(slow_target, name):
    """The wait for it is for 45 minutes."""
    target = slow_target(interface_linger_seconds=0, iam_lag_ms=0)
    _make_network(target, name)
    _make_function(target, name, _subnet(target, name))
    left = [item for item in leftovers(target, name) if item.kind != "function"]
    (interface,) = (item for item in left if item.kind == "function network interface")
    (role,) = (item for item in left if item.kind == "role")
    function = next(item for item in leftovers(target, name) if item.kind == "function")

    def refuse(**_):
        raise target.client("lambda").exceptions.ServiceException({"Error": {"Code": "X"}}, "DeleteFunction")

    target.client("lambda").meta.events.register("before-call.lambda.DeleteFunction", refuse)
    refused = remove(target, [function, interface, role], pytest.fail, timeout=0)
    assert refused[interface] == f"function {name}-probe could not be removed"
    assert refused[role] == f"{interface} could not be removed"


def test_what_is_still_listed_though_deleted_is_no_leftover(slow_target, name):
    """IAM's and Lambda's lists lag behind."""
    target = slow_target(iam_lag_ms=0)
    iam = target.client("iam")
    iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument="{}", Tags=_tags(name))
    slow_target(iam_lag_ms=60_000)
    iam.delete_role(RoleName=f"{name}-role")
    assert f"{name}-role" in _role_names(iam), "the list does not lag"
    assert leftovers(target, name, since=datetime.now(UTC) - timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("tags", "since", "is_ours"),
    [
        ({"Region": "us-east-1"}, None, True),
        ({"Region": "eu-west-1"}, None, False),
        ({"Region": "eu-west-1"}, timedelta(minutes=-1), False),
        ({}, None, False),
        ({}, timedelta(minutes=-1), True),
        ({}, timedelta(minutes=1), False),
    ],
)
def test_role_belongs_to_a_region(target, name, tags, since, is_ours):
    iam = target.client("iam")
    tags = [{"Key": key, "Value": value} for key, value in {"Stack": name, **tags}.items()]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Tags=tags)
    try:
        left = leftovers(target, name, since=since and datetime.now(UTC) + since)
        assert [item.id for item in left] == [name] * is_ours
    finally:
        iam.delete_role(RoleName=name)


def _role_names(iam):
    return {role["RoleName"] for role in iam.list_roles(MaxItems=1000)["Roles"]}


def _tagged(name, kind):
    return [{"ResourceType": kind, "Tags": _tags(name)}]


def _tags(name):
    return [{"Key": "Stack", "Value": name}]


def _make_vpc(target, name):
    made = target.client("ec2").create_vpc(CidrBlock="10.9.0.0/24", TagSpecifications=_tagged(name, "vpc"))
    return made["Vpc"]["VpcId"]


def _subnet(target, name):
    (subnet,) = target.client("ec2").describe_subnets(Filters=[{"Name": "tag:Stack", "Values": [name]}])[
        "Subnets"
    ]
    return subnet["SubnetId"]


def _make_subnet(target, name, vpc):
    made = target.client("ec2").create_subnet(
        VpcId=vpc,
        CidrBlock="10.9.0.0/26",
        AvailabilityZone=f"{target.region}a",
        TagSpecifications=_tagged(name, "subnet"),
    )
    return made["Subnet"]["SubnetId"]


def _make_network(target, name):
    ec2 = target.client("ec2")
    vpc = _make_vpc(target, name)
    subnet = _make_subnet(target, name, vpc)
    gateway = ec2.create_internet_gateway(TagSpecifications=_tagged(name, "internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=_tagged(name, "route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=_tagged(name, "network-acl"))
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=_tagged(name, "elastic-ip"))
    nat = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address["AllocationId"],
        TagSpecifications=_tagged(name, "natgateway"),
    )["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1})
    groups = [
        ec2.create_security_group(
            GroupName=f"{name}-{side}",
            Description=side,
            VpcId=vpc,
            TagSpecifications=_tagged(name, "security-group"),
        )["GroupId"]
        for side in ("one", "other")
    ]
    for group, other in (groups, reversed(groups)):
        rule = {
            "IpProtocol": "tcp",
            "FromPort": 1,
            "ToPort": 2,
            "UserIdGroupPairs": [{"GroupId": other}],
        }
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def _make_function(target, name, subnet):
    role = target.client("iam").create_role(
        RoleName=f"{name}-role",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Tags=[*_tags(name), {"Key": "Region", "Value": target.region}],
    )["Role"]["Arn"]
    allow_nothing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    target.client("iam").put_role_policy(
        RoleName=f"{name}-role", PolicyName="nothing", PolicyDocument=json.dumps(allow_nothing)
    )
    target.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}-probe", tags={"Stack": name})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as bundle:
        bundle.writestr("handler.py", "def handler(event, context):\n    return None\n")
    groups = target.client("ec2").describe_security_groups(Filters=[{"Name": "tag:Stack", "Values": [name]}])
    target.client("lambda").create_function(
        FunctionName=f"{name}-probe",
        Runtime="python3.13",
        Handler="handler.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [groups["SecurityGroups"][0]["GroupId"]]},
        Tags={"Stack": name},
    )


def _make_cache(target, name, subnet):
    cache = target.client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription=name,
        SubnetIds=[subnet],
        Tags=_tags(name),
    )
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name,
        CacheParameterGroupFamily="memcached1.6",
        Description=name,
        Tags=_tags(name),
    )
    cache.create_cache_cluster(
        CacheClusterId=name,
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName=name,
        CacheParameterGroupName=name,
        Tags=_tags(name),
    )


def _await_cache(target, name):
    waiter = target.client("elasticache").get_waiter("cache_cluster_available")
    waiter.wait(CacheClusterId=name, WaiterConfig={"Delay": 1})


def _make_watch(target, name):
    topic = target.client("sns").create_topic(Name=f"{name}-alarms", Tags=_tags(name))["TopicArn"]
    target.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        Tags=_tags(name),
    )
    group = f"/aws/vpc/{name}"
    target.client("logs").create_log_group(logGroupName=group, tags={"Stack": name})
    ec2 = target.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Stack", "Values": [name]}])["Vpcs"]
    ec2.create_flow_logs(
        ResourceIds=[vpc["VpcId"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=group,
        DeliverLogsPermissionArn=target.client("iam").get_role(RoleName=f"{name}-role")["Role"]["Arn"],
        TagSpecifications=_tagged(name, "vpc-flow-log"),
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc["VpcId"],
        ServiceName=f"com.amazonaws.{target.region}.s3",
        TagSpecifications=_tagged(name, "vpc-endpoint"),
    )
