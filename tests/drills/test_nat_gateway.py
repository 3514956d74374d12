import pytest

pytestmark = [pytest.mark.lab, pytest.mark.drill]


def test_nat_gateway_fault_isolates_its_zone_only(lab, probes, outputs):
    zone, other = outputs["zones"]
    with lab.faulted("nat_gateway", outputs["nat_gateway_ids"][zone]):
        cut_off = probes.egress(zone)
        assert not cut_off
        assert "checkip" in cut_off.evidence
        assert probes.egress(other)
    assert probes.egress(zone)
