from __future__ import annotations

from tests.support.terraform_documents import resource, state
from vpcache.reach.terraform_source.vpcs import vpc_ids


def test_vpcs_of_a_state_are_its_own_and_those_of_its_subnets() -> None:
    document = state(
        resource("aws_vpc", "own", id="vpc-1"),
        resource("aws_subnet", "a", vpc_id="vpc-1"),
        resource("aws_subnet", "b", vpc_id="vpc-2"),
        resource("aws_vpc", "other", mode="data", id="vpc-3"),
        resource("aws_subnet", "read", mode="data", vpc_id="vpc-4"),
        resource("aws_subnet", "unknown", vpc_id="aws_vpc.new"),
    )
    assert vpc_ids(document) == ("vpc-1", "vpc-2", "vpc-4")
