"""What a change opens, closes and leads elsewhere."""

from __future__ import annotations

from tests.support.terraform_documents import ZONES, resource
from tests.unit.reach.test_terraform_network import rule, shop
from vpcache.reach.comparison import compare


def test_equal_networks_have_no_change() -> None:
    assert list(compare(shop(), shop()).lines()) == ["no flow changes"]
    assert compare(shop(), shop()).markdown() == "No flow changes."


def test_opened_rule_is_named_with_its_ports() -> None:
    change = compare(shop(), shop(ingress=rule(11211, self=True)))
    assert "opens: cache/0001 -> cache/0002: tcp 11211" in list(change.lines())
    assert "closes: shop-api in eu-west-3a -> cache/0001: tcp 11211" in list(change.lines())
    assert "**opens**\n\n- `cache/0001 -> cache/0002: tcp 11211`" in change.markdown()


def test_other_elastic_ip_moves_the_address_of_its_zone() -> None:
    other = resource("aws_eip", f"shop-{ZONES[0]}", public_ip="203.0.113.99")
    assert list(compare(shop(), shop(other)).lines()) == [
        "egress address: eu-west-3a: 203.0.113.10 -> 203.0.113.99"
    ]


def test_removed_gateway_closes_the_way_out_of_its_zone() -> None:
    table = resource("aws_route_table", f"shop-{ZONES[0]}", vpc_id="vpc.shop", route=[])
    lines = list(compare(shop(), shop(table)).lines())
    assert "closes: shop-api in eu-west-3a -> internet: all traffic" in lines
    assert "egress address: eu-west-3a: 203.0.113.10 -> none" in lines
