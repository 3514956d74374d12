"""A stack with the resources of the source scenario, on a fake data plane."""

from __future__ import annotations

import json
from typing import Any

from tests.support.scenario_stack import OUTPUTS, cache, function, network
from tests.support.served.region import Region, unique
from tests.support.served.stacks import Stacks, outputs

RUNTIME = "python3.13"
CODE = {"ZipFile": "def handler(event, context): pass"}


def scenario() -> dict[str, Any]:
    return {**function(RUNTIME, CODE), **cache(), **network()}


def test_stack_of_the_scenario_is_laid_and_leaves_nothing(stacks: Stacks, region: Region) -> None:
    before = snapshot(region)
    stack = stacks.create(scenario(), Outputs=OUTPUTS, StackName=unique("s"))
    stack_id, ids = stack["StackId"], stacks.ids(stack["StackId"])

    (vpc,) = region.reconciled[-1].vpcs
    kinds = sorted(each.kind.name for each in vpc.interfaces)
    assert kinds == ["CACHE_NODE"] * 2 + ["FUNCTION"] * 2 + ["NAT_GATEWAY"] * 2
    (cluster,) = vpc.cache_clusters
    assert outputs(stack)["Endpoint"] == f"{cluster.configuration_hostname}:11211"
    assert outputs(stack)["Addresses"].split(",") == [ids["AddressA"], ids["AddressB"]]
    configuration = region.client("lambda").get_function_configuration(FunctionName=ids["Function"])
    assert configuration["Environment"]["Variables"]["PORT"] == "11211"
    assert configuration["Handler"] == "index.handler" and configuration["State"] == "Active"
    tables = region.client("ec2").describe_route_tables(RouteTableIds=[ids["PrivateTableA"]])["RouteTables"]
    assert [each["SubnetId"] for each in tables[0]["Associations"]] == [ids["PrivateA"]]

    stacks.delete(stack_id)
    assert snapshot(region) == before
    assert region.reconciled[-1].vpcs == ()


def snapshot(region: Region) -> str:
    """Return all resources that a stack of the scenario could leave."""
    ec2, logs = region.client("ec2"), region.client("logs")
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    found = {
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "gateways": [each for each in gateways if each["State"] != "deleted"],
        "internet": ec2.describe_internet_gateways()["InternetGateways"],
        "interfaces": ec2.describe_network_interfaces()["NetworkInterfaces"],
        "clusters": region.client("elasticache").describe_cache_clusters()["CacheClusters"],
        "subnet groups": region.client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"],
        "parameters": len(
            region.client("elasticache").describe_cache_parameter_groups()["CacheParameterGroups"]
        ),
        "functions": region.client("lambda").list_functions()["Functions"],
        "roles": [each["RoleName"] for each in region.client("iam").list_roles()["Roles"]],
        "logs": [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]],
        "buckets": [each["Name"] for each in region.client("s3").list_buckets()["Buckets"]],
    }
    return json.dumps(found, default=str, sort_keys=True)
