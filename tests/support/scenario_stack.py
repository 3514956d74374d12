"""A template with the source scenario's resources: two zones, two NAT gateways, a cluster, a function."""

from __future__ import annotations

import json
from typing import Any

from tests.support.served.stacks import att, ref, resource

ZONES = ("A", "B")
HANDLER = """
exports.handler = async (event) => ({ endpoint: process.env.ENDPOINT, port: process.env.PORT });
"""
ROLE_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def network() -> dict[str, Any]:
    """Return the resources of the network; lists are in an order that their dependencies contradict."""
    resources = {
        "VPC": resource(
            "EC2::VPC", CidrBlock="10.0.0.0/24", EnableDnsSupport="true", EnableDnsHostnames="false"
        ),
        "InternetGateway": resource("EC2::InternetGateway", Tags=[{"Key": "Name", "Value": "igw"}]),
        "Attachment": resource(
            "EC2::VPCGatewayAttachment", VpcId=ref("VPC"), InternetGatewayId=ref("InternetGateway")
        ),
        "PublicTable": resource("EC2::RouteTable", VpcId=ref("VPC")),
        "PublicRoute": resource(
            "EC2::Route",
            "Attachment",
            RouteTableId=ref("PublicTable"),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=ref("InternetGateway"),
        ),
    }
    for number, zone in enumerate(ZONES):
        resources |= _zone(number, zone)
    return dict(reversed(resources.items()))


def _zone(number: int, zone: str) -> dict[str, Any]:
    place = {"Fn::Select": [str(number), {"Fn::GetAZs": ""}]}
    return {
        f"Public{zone}": resource(
            "EC2::Subnet",
            VpcId=ref("VPC"),
            CidrBlock=f"10.0.0.{number * 64}/26",
            AvailabilityZone=place,
            MapPublicIpOnLaunch="true",
        ),
        f"Private{zone}": resource(
            "EC2::Subnet",
            VpcId=ref("VPC"),
            CidrBlock=f"10.0.0.{128 + number * 64}/26",
            AvailabilityZone=place,
        ),
        f"PublicAssociation{zone}": resource(
            "EC2::SubnetRouteTableAssociation",
            RouteTableId=ref("PublicTable"),
            SubnetId=ref(f"Public{zone}"),
        ),
        f"Address{zone}": resource("EC2::EIP", "Attachment", Domain="VPC"),
        f"Gateway{zone}": resource(
            "EC2::NatGateway",
            AllocationId=att(f"Address{zone}", "AllocationId"),
            SubnetId=ref(f"Public{zone}"),
        ),
        f"PrivateTable{zone}": resource("EC2::RouteTable", VpcId=ref("VPC")),
        f"PrivateRoute{zone}": resource(
            "EC2::Route",
            RouteTableId=ref(f"PrivateTable{zone}"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=ref(f"Gateway{zone}"),
        ),
        f"PrivateAssociation{zone}": resource(
            "EC2::SubnetRouteTableAssociation",
            RouteTableId=ref(f"PrivateTable{zone}"),
            SubnetId=ref(f"Private{zone}"),
        ),
    }


def cache() -> dict[str, Any]:
    """Return the resources of the cluster."""
    rules = [
        {
            "IpProtocol": "tcp",
            "FromPort": 11211,
            "ToPort": "11211",
            "CidrIp": f"10.0.0.{128 + number * 64}/26",
            "Description": f"zone {zone}",
        }
        for number, zone in enumerate(ZONES)
    ]
    return {
        "CacheGroup": resource(
            "EC2::SecurityGroup", GroupDescription="cache", VpcId=ref("VPC"), SecurityGroupIngress=rules
        ),
        "Subnets": resource(
            "ElastiCache::SubnetGroup",
            Description="private",
            SubnetIds=[ref(f"Private{zone}") for zone in ZONES],
        ),
        "Parameters": resource(
            "ElastiCache::ParameterGroup",
            Description="none",
            CacheParameterGroupFamily="memcached1.6",
            Properties={"max_item_size": "2097152"},
        ),
        "Cache": resource(
            "ElastiCache::CacheCluster",
            AZMode="cross-az",
            CacheNodeType="cache.t4g.micro",
            CacheParameterGroupName=ref("Parameters"),
            CacheSubnetGroupName=ref("Subnets"),
            Engine="memcached",
            NumCacheNodes="2",
            VpcSecurityGroupIds=[ref("CacheGroup")],
        ),
    }


def function(runtime: str, code: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the resources of the function; its code is JavaScript."""
    return {
        "Role": resource(
            "IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            ManagedPolicyArns=[ROLE_POLICY],
            Policies=[
                {
                    "PolicyName": "logs",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                                "Resource": {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:*:*"},
                            }
                        ],
                    },
                }
            ],
        ),
        "Log": resource("Logs::LogGroup", LogGroupName={"Fn::Sub": "/aws/lambda/${AWS::StackName}"}),
        "Function": resource(
            "Lambda::Function",
            "Log",
            FunctionName=ref("AWS::StackName"),
            Runtime=runtime,
            Handler="index.handler",
            Role=att("Role", "Arn"),
            Code=code or {"ZipFile": HANDLER},
            MemorySize=256,
            Timeout=10,
            Environment={
                "Variables": {
                    "ENDPOINT": att("Cache", "ConfigurationEndpoint.Address"),
                    "PORT": att("Cache", "ConfigurationEndpoint.Port"),
                }
            },
            VpcConfig={
                "SubnetIds": [ref(f"Private{zone}") for zone in ZONES],
                "SecurityGroupIds": [att("VPC", "DefaultSecurityGroup")],
            },
        ),
        "Version": resource("Lambda::Version", FunctionName=ref("Function")) | {"DeletionPolicy": "Retain"},
        "Alias": resource(
            "Lambda::Alias",
            Name="live",
            FunctionName=ref("Function"),
            FunctionVersion=att("Version", "Version"),
        ),
        "Permission": resource(
            "Lambda::Permission",
            FunctionName=ref("Function"),
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
        ),
    }


OUTPUTS = {
    "Arn": {"Value": att("Function", "Arn")},
    "Endpoint": {"Value": {"Fn::Join": [":", [att("Cache", "ConfigurationEndpoint.Address"), "11211"]]}},
    "Addresses": {"Value": {"Fn::Join": [",", [ref(f"Address{zone}") for zone in ZONES]]}},
}


def template(runtime: str, code: dict[str, Any] | None = None) -> str:
    """Return the whole template."""
    resources = {**function(runtime, code), **cache(), **network()}
    return json.dumps({"Resources": resources, "Outputs": OUTPUTS})
