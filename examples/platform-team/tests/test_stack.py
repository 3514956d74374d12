import pytest


@pytest.fixture(scope="session")
def stack_variables(bundle):
    return {"courier": bundle("functions/courier")}


def test_each_zone_has_its_own_egress_address(probes, outputs):
    assert probes.egress_addresses_differ()
    for zone in outputs["zones"]:
        assert probes.egress(zone)


def test_second_plan_is_empty(stack):
    assert stack.plan().is_empty


@pytest.mark.drill
def test_nat_gateway_fault_affects_one_zone(lab, probes, outputs):
    faulty, other = outputs["zones"]
    with lab.faulted("nat_gateway", outputs["nat_gateway_ids"][faulty]):
        assert not probes.egress(faulty)
        assert probes.egress(other)
