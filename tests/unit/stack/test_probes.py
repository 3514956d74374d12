"""Probes with missing inputs, and their results."""

import pytest

from vpcache.errors import VpcacheError
from vpcache.probes import Probes, Result, verify
from vpcache.stack.stack import Outputs
from vpcache.stack.target import lab_target

NOWHERE = lab_target("http://127.0.0.1:9", {})


def rejection(probe, **outputs):
    with pytest.raises(VpcacheError) as error:
        probe(Probes(NOWHERE, Outputs(outputs)))
    return str(error.value)


@pytest.mark.parametrize(
    ("probe", "output", "argument"),
    [
        (lambda probes: probes.egress("us-east-1a"), "egress_probes", "function"),
        (lambda probes: probes.egress("us-east-1a", function="f"), "egress_ips", "address"),
        (lambda probes: probes.egress_addresses_differ(), "egress_ips", "addresses"),
        (lambda probes: probes.cache_hit(), "cached_api", "function"),
        (lambda probes: probes.front_door(), "cached_api_url", "url"),
        (lambda probes: probes.keys_on_every_node(function="f"), "cache_nodes", "nodes"),
        (lambda probes: probes.cache_is_private("us-east-1a", nodes=[]), "egress_probes", "function"),
    ],
)
def test_missing_output_names_the_hcl_to_add(probe, output, argument):
    message = rejection(probe, zones=["us-east-1a"])
    assert message.startswith(
        f"the root module has no output '{output}': write `output \"{output}\" {{ value = "
    )
    assert message.endswith(f"or pass {argument}=... to the probe")


def test_verify_without_egress_probes_runs_the_rest():
    outputs = Outputs(
        zones=["us-east-1a", "us-east-1b"],
        egress_probes={},
        egress_ips={"us-east-1a": "203.0.113.1", "us-east-1b": "203.0.113.2"},
        cached_api="f",
        cache_nodes=[],
    )
    names = [result.name for result in verify(NOWHERE, outputs)]
    assert names == ["egress addresses differ", "cache hit", "keys on every node"]


def test_verify_expects_one_address_of_a_shared_gateway():
    shared = Outputs(
        zones=["us-east-1a", "us-east-1b"],
        egress_probes={},
        egress_ips={"us-east-1a": "203.0.113.1", "us-east-1b": "203.0.113.1"},
        nat_gateway_zones={"us-east-1a": "us-east-1a", "us-east-1b": "us-east-1a"},
        cached_api="f",
        cache_nodes=[],
    )
    result = verify(NOWHERE, shared)[0]
    assert result == Result(
        "egress address is shared",
        None,
        True,
        "203.0.113.1 for us-east-1a, us-east-1b: the loss of us-east-1a would take the egress of all zones",
    )
    two = shared | {"egress_ips": {"us-east-1a": "203.0.113.1", "us-east-1b": "203.0.113.2"}}
    assert not verify(NOWHERE, Outputs(two))[0]


def test_verify_expects_an_address_for_each_gateway():
    separate = Outputs(
        zones=["us-east-1a", "us-east-1b"],
        egress_probes={},
        egress_ips={"us-east-1a": "203.0.113.1", "us-east-1b": "203.0.113.1"},
        nat_gateway_zones={"us-east-1a": "us-east-1a", "us-east-1b": "us-east-1b"},
        cached_api="f",
        cache_nodes=[],
    )
    result = verify(NOWHERE, separate)[0]
    assert (result.name, result.passed) == ("egress addresses differ", False)


def test_verify_requests_the_front_door_if_there_is_one():
    outputs = Outputs(
        zones=[], egress_probes={}, egress_ips={}, cached_api="f", cache_nodes=[], cached_api_url=None
    )
    assert "front door" not in {result.name for result in verify(NOWHERE, outputs)}
    url = "https://abc.lambda-url.us-east-1.on.aws/"
    (door,) = (
        each for each in verify(NOWHERE, Outputs(outputs | {"cached_api_url": url})) if "door" in each.name
    )
    assert not door
    assert door.evidence.startswith(f"front door {url}: ")


def test_missing_zone_lists_known_zones():
    message = rejection(lambda probes: probes.egress("us-east-1f"), egress_probes={"us-east-1a": "f"})
    assert message == "output 'egress_probes' has no zone 'us-east-1f'; it has us-east-1a"


def test_arguments_override_outputs():
    probes = Probes(NOWHERE, Outputs(egress_ips={"a": "203.0.113.1", "b": "203.0.113.2"}))
    assert probes.egress_addresses_differ()
    assert not probes.egress_addresses_differ(addresses={"a": "203.0.113.1", "b": "203.0.113.1"})


def test_failing_function_fails_the_probe():
    failed = Probes(NOWHERE, Outputs()).egress("us-east-1a", function="f", address="203.0.113.1")
    assert not failed
    assert failed.evidence.startswith("function f: Could not connect")


def test_result_repr_shows_the_evidence():
    result = Result("egress", "us-east-1a", False, "source address 203.0.113.9")
    assert repr(result) == "<egress of us-east-1a failed: source address 203.0.113.9>"


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
    custom = verify(NOWHERE, outputs, tmp_path)[-2:]
    assert custom == [Result("first", None, True, "f"), Result("second", "us-east-1a", False, "not there")]


def test_unreadable_probes_are_named(tmp_path):
    (tmp_path / "probes.py").write_text("import missing_module")
    with pytest.raises(VpcacheError, match=r"cannot import .*/probes.py: ModuleNotFoundError"):
        verify(NOWHERE, Outputs(zones=[], egress_probes={}, cached_api="f", cache_nodes=[]), tmp_path)
