"""The VPCs of a running stack, from the content of its state."""

from __future__ import annotations

import json
from typing import Any

from vpcache.reach.running import vpc_ids


def written(*resources: tuple[str, dict[str, Any]]) -> str:
    found = [
        {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": attributes}]}
        for kind, attributes in resources
    ]
    return json.dumps({"version": 4, "resources": found})


def test_vpcs_of_a_state_are_its_own_and_those_that_it_uses() -> None:
    state = written(
        ("aws_vpc", {"id": "vpc-1"}),
        ("aws_subnet", {"id": "subnet-1", "vpc_id": "vpc-1"}),
        ("aws_security_group", {"id": "sg-1", "vpc_id": "vpc-2"}),
        ("aws_eip", {"id": "eipalloc-1", "vpc_id": None}),
    )
    assert vpc_ids(state) == ("vpc-1", "vpc-2")


def test_state_without_a_vpc_has_none() -> None:
    assert vpc_ids(written(("aws_sns_topic", {"id": "x"}))) == ()
