"""What a change opens, closes and leads elsewhere."""

from __future__ import annotations

from tests.support.terraform_documents import ZONES, resource
from tests.unit.reach.test_terraform_network import rule, shop
from vpcache.reach.comparison import Comparison, compare


def opened(change: Comparison) -> list[str]:
    return [str(each) for each in change.opened]


def closed(change: Comparison) -> list[str]:
    return [str(each) for each in change.closed]


def test_equal_networks_have_no_change() -> None:
    assert compare(shop(), shop()).is_empty


def test_opened_rule_is_named_with_its_ports() -> None:
    change = compare(shop(), shop(ingress=rule(11211, self=True)))
    assert "cache/0001 -> cache/0002: tcp 11211" in opened(change)
    assert closed(change) == ["shop-api -> cache/0001, 0002: tcp 11211"]


def test_opened_flow_has_the_rule_as_its_reason() -> None:
    change = compare(shop(), shop(ingress=rule(11211, self=True)))
    rule_of_cache = "security_group.cache allows tcp 11211 from security_group.cache"
    assert any(rule_of_cache in reason for reason in change.opened[0].reasons)


def test_closed_flow_has_the_obstacle_as_its_reason() -> None:
    change = compare(shop(), shop(ingress=rule(11211, self=True)))
    obstacle = "no rule of security_group.cache allows it from"
    assert any(obstacle in reason for reason in change.closed[0].reasons)


def test_other_elastic_ip_moves_the_address_of_its_zone() -> None:
    other = resource("aws_eip", f"shop-{ZONES[0]}", public_ip="203.0.113.99")
    change = compare(shop(), shop(other))
    assert [str(each) for each in change.moved] == ["eu-west-3a: 203.0.113.10 -> 203.0.113.99"]
    assert not change.opened
    assert not change.closed


def test_removed_gateway_closes_the_way_out_of_its_zone() -> None:
    table = resource("aws_route_table", f"shop-{ZONES[0]}", vpc_id="vpc.shop", route=[])
    change = compare(shop(), shop(table))
    assert "shop-api in eu-west-3a -> internet: all traffic" in closed(change)
    assert [str(each) for each in change.moved] == ["eu-west-3a: 203.0.113.10 -> none"]


def test_added_zone_opens_its_own_flows_only() -> None:
    change = compare(shop(zones=2), shop(zones=3))
    assert opened(change) == [
        "shop-api -> cache/0003: tcp 11211",
        "shop-api in eu-west-3c -> cache/0001, 0002: tcp 11211",
        "shop-api in eu-west-3c -> internet: all traffic",
        "cache/0003 -> internet: all traffic",
    ]
    assert not closed(change)
    assert [str(each) for each in change.moved] == ["eu-west-3c: none -> 203.0.113.12"]
