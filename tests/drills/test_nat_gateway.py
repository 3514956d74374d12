import pytest

from vpcache import probes
from vpcache.functions import FunctionError


@pytest.fixture
def fault(lab):
    """Put faults in force, and out of it afterwards."""
    made = []

    def put(kind: str, target: str) -> dict[str, str]:
        made.append({"kind": kind, "target": target})
        lab.ask("PUT", "faults", made[-1])
        return made[-1]

    yield put
    for body in made:
        lab.ask("DELETE", "faults", body)


@pytest.mark.lab
def test_a_zone_without_its_nat_gateway_is_cut_off_and_the_other_is_not(target, outputs, fault, lab):
    zone, other = outputs["zones"]
    cut = fault("nat_gateway", outputs["nat_gateway_ids"][zone])
    with pytest.raises(FunctionError, match="checkip"):
        probes.egress(target, outputs, zone)
    assert probes.egress(target, outputs, other)[0]
    lab.ask("DELETE", "faults", cut)
    assert probes.egress(target, outputs, zone)[0]
