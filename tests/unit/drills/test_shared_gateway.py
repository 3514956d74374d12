"""Which zones lose their egress by a drill's fault."""

from typing import Any

import pytest

from vpcache.drills.context import DrillContext
from vpcache.drills.faults import fault_named, shared_gateway
from vpcache.stack.stack import Outputs

A, B = "us-east-1a", "us-east-1b"
SINGLE = {A: A, B: A}


def note(fault: str, zone: str, **outputs: Any) -> str | None:
    unused: Any = None
    return shared_gateway(fault_named(fault), DrillContext(unused, Outputs(outputs), zone))


@pytest.mark.parametrize(
    ("fault", "zone"), [("zone", A), ("zone-network", A), ("nat-gateway", A), ("nat-gateway", B)]
)
def test_loss_of_the_only_gateway_names_all_zones(fault: str, zone: str) -> None:
    assert note(fault, zone, nat_gateway_zones=SINGLE) == (
        f"the NAT gateway of {A} serves {A}, {B}: all of them lose their egress"
    )


@pytest.mark.parametrize("fault", ["zone", "zone-network", "node-reboot", "origin-down"])
def test_fault_beside_the_only_gateway_names_none(fault: str) -> None:
    assert note(fault, B, nat_gateway_zones=SINGLE) is None


def test_gateway_of_one_zone_names_none() -> None:
    assert note("nat-gateway", A, nat_gateway_zones={A: A, B: B}) is None
    assert note("nat-gateway", A) is None  # another root module
