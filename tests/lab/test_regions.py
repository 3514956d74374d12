"""Two stacks with the same names in two regions of one lab: separate networks and separate faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.execution_roles import OF_VPC, allow
from tests.support.network.vpc_factory import VpcFactory
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError

HERE, THERE = "us-east-1", "eu-west-1"
NAME = "twin"
SEEN_BY = "http://198.51.100.20/"
AWS = """
    import boto3, os

    def handler(event, context):
        buckets = boto3.client("s3").list_buckets()["Buckets"]
        return {"region": os.environ["AWS_REGION"], "host": boto3.client("sqs").meta.endpoint_url,
                "queues": boto3.client("sqs").list_queues().get("QueueUrls", []), "buckets": len(buckets)}
"""


class Twin:
    """A stack with NAT gateway, cache cluster and function, with the same names in every region."""

    def __init__(self, lab: Lab, region: str, name: str = NAME) -> None:
        self.region = region
        self.vpc_factory = VpcFactory(lab, region=region, name=name)
        self.vpc_factory.attach_internet_gateway()
        self.zone, self.other_zone = self.vpc_factory.zones
        self.gateway, self.address, _ = self.vpc_factory.new_nat_gateway(self.zone)
        self.cluster = self.vpc_factory.new_cluster()
        self.function = self.vpc_factory.new_function("probe", self.zone)

    def nodes(self) -> list[dict[str, Any]]:
        response = self.vpc_factory.client("elasticache").describe_cache_clusters(
            CacheClusterId=self.cluster, ShowCacheNodeInfo=True
        )
        return [dict(node["Endpoint"]) for node in response["CacheClusters"][0]["CacheNodes"]]

    def reaches(self, endpoint: dict[str, Any]) -> Any:
        answer = self.vpc_factory.invoke(
            self.function, address=endpoint["Address"], port=endpoint["Port"], timeout=0.5
        )
        return answer.get("answer", answer.get("error"))

    def egress_address(self) -> Any:
        answer = self.vpc_factory.invoke(self.function, url=SEEN_BY, timeout=0.5)
        return answer.get("answer", "silence").strip()


@pytest.fixture(scope="module")
def twins(own_lab: Lab) -> Iterator[tuple[Twin, Twin]]:
    yield Twin(own_lab, HERE), Twin(own_lab, THERE)
    own_lab.clear_faults()


def test_each_region_has_its_own_data_plane(own_lab: Lab, twins: tuple[Twin, Twin]) -> None:
    here, there = twins
    assert here.address != there.address
    for twin in twins:
        assert twin.egress_address() == twin.address
        assert [twin.reaches(node) for node in twin.nodes()] == ["connected", "connected"]
    assert own_lab.differences() == []


def test_regions_do_not_resolve_each_others_names(twins: tuple[Twin, Twin]) -> None:
    here, there = twins
    for one, other in ((here, there), (there, here)):
        assert [one.reaches(node) for node in other.nodes()] == ["gaierror", "gaierror"]
    assert all(".use1." in node["Address"] for node in here.nodes())
    assert all(".euw1." in node["Address"] for node in there.nodes())


def test_no_packet_passes_between_regions(own_lab: Lab) -> None:
    one = VpcFactory(own_lab, "10.3.0.0/24", region=HERE)
    other = VpcFactory(own_lab, "10.4.0.0/24", region=THERE)
    here, there = one.new_function(), other.new_function()
    address = other.invoke(there)["answer"]
    assert address.startswith("10.4.")
    assert one.invoke(here, address=address, port=9, timeout=0.3)["error"] == "TimeoutError"


@pytest.mark.parametrize("mode", ["out", "dead", "hung", "restarted"])
def test_fault_of_a_cache_node_affects_one_region(own_lab: Lab, twins: tuple[Twin, Twin], mode: str) -> None:
    here, there = twins
    healthy, faulty = here.nodes()[0], there.nodes()[0]
    with own_lab.faulted("cache_node", f"{THERE}/{NAME}/0001", mode):
        assert here.reaches(healthy) == "connected"
        if mode in ("out", "dead"):
            assert there.reaches(faulty) != "connected"
        assert own_lab.differences() == []
    assert there.reaches(faulty) == "connected"
    assert own_lab.faults() == ()


def test_fault_of_a_zone_or_gateway_affects_one_region(own_lab: Lab, twins: tuple[Twin, Twin]) -> None:
    here, there = twins
    for kind, target in (("zone", there.zone), ("nat_gateway", there.gateway)):
        with own_lab.faulted(kind, target):
            assert there.egress_address() == "silence"
            assert here.egress_address() == here.address


def test_ambiguous_name_error_lists_candidates(own_lab: Lab, twins: tuple[Twin, Twin]) -> None:
    choices = f"choose from {THERE}/{NAME}/0001, {HERE}/{NAME}/0001"
    with pytest.raises(LabError, match=choices):
        own_lab.fault("cache_node", f"{NAME}/0001")
    with pytest.raises(LabError, match=choices):
        own_lab.places(f"{NAME}/0001")
    (place,) = own_lab.places(f"{THERE}/{NAME}/0001")
    assert place["region"] == THERE and place["zone"].startswith(THERE)
    for region in (HERE, THERE):
        own_lab.fault("cache_node", f"{region}/{NAME}/0001", "dead")
    with pytest.raises(LabError, match=choices):
        own_lab.clear_faults("cache_node", f"{NAME}/0001")
    remaining = own_lab.clear_faults("cache_node", f"{HERE}/{NAME}/0001")
    assert [fault.target for fault in remaining] == [f"{THERE}/{NAME}/0001"]
    assert own_lab.clear_faults("cache_node", f"{NAME}/0001") == ()


def test_tree_shows_the_region_of_each_vpc(own_lab: Lab, twins: tuple[Twin, Twin]) -> None:
    lines = own_lab.tree()
    for twin in twins:
        assert any(
            line.startswith(f"{twin.vpc_factory.vpc} 10.0.0.0/24 in {twin.region}, igw-") for line in lines
        )


def test_function_calls_aws_in_its_own_region(twins: tuple[Twin, Twin]) -> None:
    factory = twins[0].vpc_factory
    allow(factory.client("iam"), factory.name, *OF_VPC, "s3:ListAllMyBuckets", "sqs:ListQueues")
    for twin in twins:
        twin.vpc_factory.client("sqs").create_queue(QueueName=f"{NAME}-{twin.region}")
        function = twin.vpc_factory.new_function("aws", twin.zone, code=AWS, Timeout=30)
        answer = twin.vpc_factory.invoke(function)
        assert answer["region"] == twin.region
        assert answer["host"] == f"https://sqs.{twin.region}.amazonaws.com"
        own_queues = [queue.rpartition("/")[2] for queue in answer["queues"] if f"/{NAME}-" in queue]
        assert own_queues == [f"{NAME}-{twin.region}"]  # other tests' queues are on the same lab


def test_logs_of_equally_named_functions_are_regional(twins: tuple[Twin, Twin]) -> None:
    for twin in twins:
        twin.egress_address()
        logs = twin.vpc_factory.client("logs")
        (group,) = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{twin.function}")["logGroups"]
        assert f":{twin.region}:" in group["arn"]
        events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        assert sum("START RequestId" in event["message"] for event in events) > 0


def test_deletion_affects_one_region(own_lab: Lab) -> None:
    here, there = (Twin(own_lab, region, "short-lived") for region in (HERE, THERE))
    there.vpc_factory.client("lambda").delete_function(FunctionName=there.function)
    elasticache = there.vpc_factory.client("elasticache")
    elasticache.delete_cache_cluster(CacheClusterId=there.cluster)
    elasticache.get_waiter("cache_cluster_deleted").wait(
        CacheClusterId=there.cluster, WaiterConfig={"Delay": 0.1}
    )
    assert here.egress_address() == here.address
    assert [here.reaches(node) for node in here.nodes()] == ["connected", "connected"]
    assert own_lab.differences() == []
