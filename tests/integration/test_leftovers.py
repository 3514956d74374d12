"""What is left of a stack is found by its tag and can be removed; what is another's is not touched."""

import io
import json
import secrets
import zipfile

import pytest

from vpcache.kinds import KINDS
from vpcache.leftovers import leftovers, remove

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
        refused = remove(target, [left], pytest.fail)
        assert list(refused) == [left]
        assert "DependencyViolation" in refused[left]
    finally:
        ec2.delete_subnet(SubnetId=subnet)


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


def _make_network(target, name):
    ec2 = target.client("ec2")
    vpc = _make_vpc(target, name)
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.9.0.0/26",
        AvailabilityZone=f"{target.region}a",
        TagSpecifications=_tagged(name, "subnet"),
    )["Subnet"]["SubnetId"]
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
        RoleName=f"{name}-role", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=_tags(name)
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
    cache.get_waiter("cache_cluster_available").wait(CacheClusterId=name, WaiterConfig={"Delay": 1})


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
