"""What a probe says when it does not know whom to ask."""

import pytest

from vpcache.errors import VpcacheError
from vpcache.probes import Probes, Result, verify
from vpcache.stack.stack import Outputs
from vpcache.stack.target import lab_target

NOWHERE = lab_target("http://127.0.0.1:9", {})


def refusal(ask, **outputs):
    with pytest.raises(VpcacheError) as error:
        ask(Probes(NOWHERE, Outputs(outputs)))
    return str(error.value)


@pytest.mark.parametrize(
    ("ask", "output", "argument"),
    [
        (lambda probes: probes.egress("us-east-1a"), "egress_probes", "function"),
        (lambda probes: probes.egress("us-east-1a", function="f"), "egress_ips", "address"),
        (lambda probes: probes.egress_addresses_differ(), "egress_ips", "addresses"),
        (lambda probes: probes.cache_hit(), "cached_api", "function"),
        (lambda probes: probes.keys_on_every_node(function="f"), "cache_nodes", "nodes"),
        (lambda probes: probes.cache_is_private("us-east-1a", nodes=[]), "egress_probes", "function"),
    ],
)
def test_a_missing_output_is_named_with_what_to_write(ask, output, argument):
    said = refusal(ask, zones=["us-east-1a"])
    assert said.startswith(
        f"the root module has no output '{output}': write `output \"{output}\" {{ value = "
    )
    assert said.endswith(f"or give the probe {argument}=...")


def test_verify_without_egress_probes_asks_the_rest():
    outputs = Outputs(
        zones=["us-east-1a", "us-east-1b"],
        egress_probes={},
        egress_ips={"us-east-1a": "203.0.113.1", "us-east-1b": "203.0.113.2"},
        cached_api="f",
        cache_nodes=[],
    )
    asked = [result.name for result in verify(NOWHERE, outputs)]
    assert asked == ["egress addresses differ", "cache hit", "keys on every node"]


def test_a_missing_zone_is_named_beside_those_there_are():
    said = refusal(lambda probes: probes.egress("us-east-1f"), egress_probes={"us-east-1a": "f"})
    assert said == "output 'egress_probes' has no zone 'us-east-1f': it has us-east-1a"


def test_arguments_go_before_outputs():
    probes = Probes(NOWHERE, Outputs(egress_ips={"a": "203.0.113.1", "b": "203.0.113.2"}))
    assert probes.egress_addresses_differ()
    assert not probes.egress_addresses_differ(addresses={"a": "203.0.113.1", "b": "203.0.113.1"})


def test_a_function_that_cannot_be_asked_is_a_failed_probe():
    failed = Probes(NOWHERE, Outputs()).egress("us-east-1a", function="f", address="203.0.113.1")
    assert not failed
    assert failed.evidence.startswith("function f: Could not connect")


def test_a_failed_assertion_shows_the_evidence():
    result = Result("egress", "us-east-1a", False, "seen as 203.0.113.9")
    assert repr(result) == "<egress of us-east-1a failed: seen as 203.0.113.9>"


CUSTOM = """
from vpcache import Probes, Result

def probe_first(probes: Probes) -> Result:
    return probes.check("first", None, lambda: (True, probes.output("cached_api")))

def probe_second(probes: Probes) -> Result:
    return probes.check("second", "us-east-1a", lambda: (False, "not there"))

def helper(probes: Probes) -> None:
    raise AssertionError
"""


def test_verify_runs_the_probes_beside_the_root_module(tmp_path):
    (tmp_path / "probes.py").write_text(CUSTOM)
    outputs = Outputs(zones=[], egress_probes={}, egress_ips={}, cached_api="f", cache_nodes=[])
    own = verify(NOWHERE, outputs, tmp_path)[-2:]
    assert own == [Result("first", None, True, "f"), Result("second", "us-east-1a", False, "not there")]


def test_unreadable_probes_are_named(tmp_path):
    (tmp_path / "probes.py").write_text("import nothing_of_that_name")
    with pytest.raises(VpcacheError, match=r"cannot import .*/probes.py: ModuleNotFoundError"):
        verify(NOWHERE, Outputs(zones=[], egress_probes={}, cached_api="f", cache_nodes=[]), tmp_path)
