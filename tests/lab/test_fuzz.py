from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.support.calls.random_calls import Caller
from tests.support.network.vpc_factory import ZONES, VpcFactory, zip_of
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target
from vpcache.testing.run import PytestRun

BATCH = 100  # calls between two drift checks

UNUSUAL_CIDRS = (
    "0.0.0.0/0",
    "0.0.0.0/32",
    "10.0.0.7/8",
    "10.0.0.0/28",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "198.51.100.0/24",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "::/0",
)


@pytest.mark.parametrize(
    ("count", "seed"), [(300, 7), pytest.param(5000, secrets.randbits(32), marks=pytest.mark.long)]
)
def test_random_calls_cause_no_errors_and_no_drift(
    count: int, seed: int, tmp_path: Path, vpcache_run: PytestRun
) -> None:
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(transition_ms=20, interface_linger_seconds=0, elastic_ips=200, vpcs=500)
        caller = Caller(lab_target(lab.endpoint, {}), seed)
        problems = []
        for call in caller.calls(count):
            if call.number % BATCH == 0:
                add_resources(lab, caller)
            problem = caller.problem(call)
            if problem:
                problems.append(f"{call}\n    {problem}")
            if call.number % BATCH == BATCH - 1:
                assert lab.status().running
                assert lab.differences() == [], f"seed {seed}, at the latest after {call}"
    outcomes = "\n".join(f"{number:6} {outcome}" for outcome, number in caller.outcomes.most_common())
    print(f"seed {seed}\n{outcomes}")
    assert not problems, "\n".join([f"seed {seed}:", *problems])


def add_resources(lab: Lab, caller: Caller) -> None:
    """Create a resource of each type, and let the caller learn their names."""
    vpc_factory = VpcFactory(lab)
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(ZONES[0])
    vpc_factory.new_cluster(1)
    vpc_factory.new_function()
    name = f"fuzz-{secrets.token_hex(4)}"
    vpc_factory.client("sqs").create_queue(QueueName=name)
    vpc_factory.client("sns").create_topic(Name=name)
    vpc_factory.client("s3").create_bucket(Bucket=name)
    vpc_factory.client("iam").create_user(UserName=name)
    vpc_factory.client("logs").create_log_group(logGroupName=name)
    vpc_factory.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    for key in ("logGroupName", "Name"):
        caller.pool.add(key, name)
    for service, method in (
        ("ec2", "describe_vpcs"),
        ("ec2", "describe_subnets"),
        ("ec2", "describe_security_groups"),
        ("ec2", "describe_route_tables"),
        ("ec2", "describe_network_interfaces"),
        ("ec2", "describe_network_acls"),
        ("ec2", "describe_addresses"),
        ("ec2", "describe_availability_zones"),
        ("elasticache", "describe_cache_clusters"),
        ("elasticache", "describe_cache_subnet_groups"),
        ("elasticache", "describe_cache_parameter_groups"),
        ("lambda", "list_functions"),
        ("iam", "list_roles"),
        ("iam", "list_users"),
        ("s3", "list_buckets"),
        ("sns", "list_topics"),
        ("sqs", "list_queues"),
    ):
        caller.pool.learn(getattr(vpc_factory.client(service), method)())
    for cidr in UNUSUAL_CIDRS:
        caller.pool.add("CidrBlock", cidr)
    caller.pool.add("ZipFile", zip_of("def handler(event, context): return event"))
    caller.pool.add("Payload", b"{}")
