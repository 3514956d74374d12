"""Tagged AWS resources of a stack, created by the API."""

import io
import time
import zipfile

from tests.support.execution_roles import create_execution_role
from tests.support.runtimes import HOST_PYTHON


def tag_specifications(name, kind):
    """Return the TagSpecifications of a resource of a stack."""
    return [{"ResourceType": kind, "Tags": stack_tags(name)}]


def stack_tags(name):
    """Return the tag of a stack."""
    return [{"Key": "Stack", "Value": name}]


def create_vpc(target, name):
    """Create a VPC and return its ID."""
    response = target.client("ec2").create_vpc(
        CidrBlock="10.9.0.0/24", TagSpecifications=tag_specifications(name, "vpc")
    )
    return response["Vpc"]["VpcId"]


def find_subnet(target, name):
    """Return the ID of a stack's only subnet."""
    (subnet,) = target.client("ec2").describe_subnets(Filters=[{"Name": "tag:Stack", "Values": [name]}])[
        "Subnets"
    ]
    return subnet["SubnetId"]


def create_subnet(target, name, vpc, zone="a", cidr="10.9.0.0/26"):
    """Create a subnet and return its ID."""
    response = target.client("ec2").create_subnet(
        VpcId=vpc,
        CidrBlock=cidr,
        AvailabilityZone=f"{target.region}{zone}",
        TagSpecifications=tag_specifications(name, "subnet"),
    )
    return response["Subnet"]["SubnetId"]


def create_network(target, name):
    """Create a VPC with one resource of each kind in it."""
    ec2 = target.client("ec2")
    vpc = create_vpc(target, name)
    subnet = create_subnet(target, name, vpc)
    gateway = ec2.create_internet_gateway(TagSpecifications=tag_specifications(name, "internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tag_specifications(name, "route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=tag_specifications(name, "network-acl"))
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tag_specifications(name, "elastic-ip"))
    nat = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address["AllocationId"],
        TagSpecifications=tag_specifications(name, "natgateway"),
    )["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1})
    groups = [
        ec2.create_security_group(
            GroupName=f"{name}-{side}",
            Description=side,
            VpcId=vpc,
            TagSpecifications=tag_specifications(name, "security-group"),
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


def create_function(target, name, subnet):
    """Create a function in a subnet, with role and log group."""
    tags = [*stack_tags(name), {"Key": "Region", "Value": target.region}]
    role = create_execution_role(target.client("iam"), f"{name}-role", Tags=tags)
    target.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}-probe", tags={"Stack": name})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as bundle:
        bundle.writestr("handler.py", "def handler(event, context):\n    return None\n")
    groups = target.client("ec2").describe_security_groups(Filters=[{"Name": "tag:Stack", "Values": [name]}])
    target.client("lambda").create_function(
        FunctionName=f"{name}-probe",
        Runtime=HOST_PYTHON,
        Handler="handler.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [groups["SecurityGroups"][0]["GroupId"]]},
        Tags={"Stack": name},
    )


def create_cache(target, name, subnet):
    """Create a cache cluster of one node in a subnet, with its groups."""
    cache = target.client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription=name,
        SubnetIds=[subnet],
        Tags=stack_tags(name),
    )
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name,
        CacheParameterGroupFamily="memcached1.6",
        Description=name,
        Tags=stack_tags(name),
    )
    cache.create_cache_cluster(
        CacheClusterId=name,
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName=name,
        CacheParameterGroupName=name,
        Tags=stack_tags(name),
    )


def create_serverless_cache(target, name, subnet, group=None):
    """Create a serverless cache in a subnet and in a new one of another zone."""
    (network,) = target.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
    other = create_subnet(target, name, network["VpcId"], "b", "10.9.0.64/26")
    target.client("elasticache").create_serverless_cache(
        ServerlessCacheName=name,
        Engine="memcached",
        SubnetIds=[subnet, other],
        Tags=stack_tags(name),
        **({"SecurityGroupIds": [group]} if group else {}),
    )


def wait_for_cache(target, name):
    """Wait until the cache cluster is available."""
    waiter = target.client("elasticache").get_waiter("cache_cluster_available")
    waiter.wait(CacheClusterId=name, WaiterConfig={"Delay": 1})


def wait_for_serverless_cache(target, name):
    """Wait until the serverless cache is available; before that its tags cannot be read."""
    elasticache, deadline = target.client("elasticache"), time.monotonic() + 60
    while True:
        (cache,) = elasticache.describe_serverless_caches(ServerlessCacheName=name)["ServerlessCaches"]
        if cache["Status"] == "available":
            return
        assert time.monotonic() < deadline, cache
        time.sleep(0.2)


def create_monitoring(target, name):
    """Create a schedule, an alarm with its topic, and flow logs and an endpoint of the stack's VPC."""
    events = target.client("events")
    function = target.client("lambda").get_function(FunctionName=f"{name}-probe")
    events.put_rule(Name=f"{name}-daily", ScheduleExpression="rate(1 day)", Tags=stack_tags(name))
    arn = function["Configuration"]["FunctionArn"]
    events.put_targets(Rule=f"{name}-daily", Targets=[{"Id": "function", "Arn": arn}])
    topic = target.client("sns").create_topic(Name=f"{name}-alarms", Tags=stack_tags(name))["TopicArn"]
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
        Tags=stack_tags(name),
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
        TagSpecifications=tag_specifications(name, "vpc-flow-log"),
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc["VpcId"],
        ServiceName=f"com.amazonaws.{target.region}.s3",
        TagSpecifications=tag_specifications(name, "vpc-endpoint"),
    )


def create_http_api(target, name):
    """Create an HTTP API with a stage and the log group of its access log."""
    gateway = target.client("apigatewayv2")
    api = gateway.create_api(Name=f"{name}-api", ProtocolType="HTTP", Tags={"Stack": name})["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, Tags={"Stack": name})
    target.client("logs").create_log_group(
        logGroupName=f"/aws/vendedlogs/apigateway/{name}", tags={"Stack": name}
    )
