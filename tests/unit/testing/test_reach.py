"""The fixture `reach`: answers as booleans, policies as assertions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.reach.test_terraform_network import rule, shop
from vpcache.errors import VpcacheError
from vpcache.testing.reach import StackReach


def reach(folder: Path) -> StackReach:
    return StackReach(shop, folder)


def test_flow_that_passes_is_true(tmp_path: Path) -> None:
    assert reach(tmp_path).can("api", "cache", 11211)


def test_flow_that_no_rule_allows_is_false_and_shows_the_obstacle(tmp_path: Path) -> None:
    found = reach(tmp_path).can("api", "cache", 11212)
    assert not found
    assert "no rule of security_group.cache allows it from" in repr(found)


def test_flows_of_which_some_pass_are_neither_true_nor_false(tmp_path: Path) -> None:
    subject = StackReach(lambda: shop(ingress=rule(11211, cidr_blocks=["10.9.100.0/24"])), tmp_path)
    with pytest.raises(VpcacheError, match="neither all flows pass nor none"):
        bool(subject.can("api", "cache", 11211))


@pytest.mark.parametrize(("port", "protocol"), [(None, "tcp"), (1, "icmp")])
def test_protocol_decides_whether_there_is_a_port(tmp_path: Path, port: int | None, protocol: str) -> None:
    with pytest.raises(VpcacheError, match="tcp and udp have a port"):
        reach(tmp_path).can("api", "cache", port, protocol)


def test_policy_beside_the_root_module_is_checked(tmp_path: Path) -> None:
    (tmp_path / "reach.policy").write_text("never: internet -> cache\n")
    reach(tmp_path).policy()


def test_violated_policy_is_an_assertion_error_with_the_path(tmp_path: Path) -> None:
    file = tmp_path / "other.policy"
    file.write_text("never: api -> cache\n")
    with pytest.raises(AssertionError, match=r"other.policy:1: never: api -> cache: ") as error:
        reach(tmp_path).policy(file)
    assert "security_group.cache allows tcp 11211" in str(error.value)


def test_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(VpcacheError, match=r"cannot read the policy .*reach.policy: No such file"):
        reach(tmp_path).policy()
