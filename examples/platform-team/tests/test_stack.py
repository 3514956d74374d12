import pytest


@pytest.fixture(scope="session")
def stack_variables(bundle):
    return {"courier": bundle("functions/courier")}


def test_partners_see_each_zone_by_an_address_of_its_own(probes, outputs):
    assert probes.egress_addresses_differ()
    for zone in outputs["zones"]:
        assert probes.egress(zone)


def test_nothing_is_left_to_change(stack):
    assert stack.plan().is_empty


@pytest.mark.drill
def test_a_zone_that_loses_its_nat_gateway_takes_no_other_with_it(lab, probes, outputs):
    cut_off, other = outputs["zones"]
    with lab.faulted("nat_gateway", outputs["nat_gateway_ids"][cut_off]):
        assert not probes.egress(cut_off)
        assert probes.egress(other)
