"""The table below a diagram, and the marks of a change, in the SVG that is drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from tests.support.terraform_documents import (
    ZONES,
    cache,
    function,
    group,
    ingress,
    network,
    plan,
    resource,
    state,
)
from vpcache.diagram.drawing.shapes import Box, Connector, Frame, Text
from vpcache.diagram.drawing.svg import svg
from vpcache.diagram.drawing.text import text_width
from vpcache.diagram.picture import picture
from vpcache.diagram.reach_table import MOST_ROWS

A, B, C = ZONES[:3]
ALL_OUT = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}
HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}
MEMCACHED = {"protocol": "tcp", "from_port": 11211, "to_port": 11211}
OPEN = resource(
    "aws_vpc_security_group_ingress_rule",
    "open",
    security_group_id="security_group.kv",
    cidr_ipv4="10.9.0.0/16",
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
)

Document = dict[str, Any]


def shop(*more: Document, zones: int = 2) -> list[Document]:
    """Return a function that reaches a cache and the internet, with `more` in place of equal addresses."""
    egress = [HTTPS, MEMCACHED | {"cidr_blocks": ["10.9.0.0/16"]}]
    found = [
        *(*network(zones), group("api", egress=egress), function("api", zones)),
        *(group("kv"), *cache("kv", [A, B]), ingress("kv", "api"), *more),
    ]
    return list({each["address"]: each for each in found}.values())


def without(address: str, parts: list[Document]) -> list[Document]:
    return [each for each in parts if each["address"] != address]


def change(before: list[Document], after: list[Document]) -> Document:
    return plan(*after) | {"prior_state": state(*before)}


def drawn(document: Document) -> ET.Element:
    return ET.fromstring(svg(picture(document, command="reach --env dev")))


def table(root: ET.Element) -> list[list[str]]:
    """Return the texts below the diagram by line: titles, rows of three cells, and sentences."""
    found = [each for each in root.findall("./{*}rect") if each.get("class") == "frame reach"]
    top = float(found[0].get("y", ""))
    lines: dict[float, list[str]] = {}
    for text in root.findall("./{*}text"):
        if (y := float(text.get("y", ""))) > top:
            lines.setdefault(y, []).append("".join(text.itertext()))
    return [lines[y] for y in sorted(lines)]


def styles(root: ET.Element, tag: str, word: str) -> list[str]:
    """Return the classes of the elements that have the class `word`."""
    return [css for each in root.findall(f".//{{*}}{tag}") if word in (css := each.get("class", "")).split()]


REACHABLE = [["api", "kv/0001, 0002", "tcp 11211"], ["api", "internet", "tcp 443"]]


def test_table_has_the_traffic_that_passes() -> None:
    root = drawn(state(*shop()))
    assert table(root) == [["Traffic that passes"], *REACHABLE]
    assert styles(root, "path", "flow") == ["connector flow"] * 2


def test_rule_without_its_egress_rule_passes_nothing() -> None:
    """The diagram draws an arrow for the rule, and the prover knows that egress rules lack."""
    root = drawn(state(*shop(group("api", egress=[]))))
    assert table(root)[-2:] == [["Traffic that passes"], ["nothing passes"]]
    assert styles(root, "path", "permission") == ["connector permission"]


def test_findings_are_marked_by_their_severity_errors_first() -> None:
    black_hole = [{"cidr_block": "0.0.0.0/0", "gateway_id": "", "nat_gateway_id": "nat_gateway.gone"}]
    table_of_b = resource("aws_route_table", f"shop-{B}", vpc_id="vpc.shop", route=black_hole)
    itself = resource(
        "aws_vpc_security_group_ingress_rule",
        "itself",
        security_group_id="security_group.kv",
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=11211,
        to_port=11211,
    )
    root = drawn(state(*shop(table_of_b, itself)))
    severities = [css for css in styles(root, "circle", "mark") if css.split()[1] in ("error", "warning")]
    assert severities == ["mark error", "mark warning"]
    assert table(root)[0] == ["Findings"]


def test_table_of_many_rows_is_cut_with_the_command_for_the_rest() -> None:
    workers = []
    for number in range(MOST_ROWS):
        name = f"worker-{number}"
        workers += [function(name, 2), group(name, egress=[ALL_OUT]), ingress("kv", name, 11300 + number)]
    lines = table(drawn(state(*shop(*workers))))
    assert len(lines) == 1 + MOST_ROWS
    assert lines[-1] == [f"and {2 * MOST_ROWS + 2 - MOST_ROWS + 1} more: reach --env dev"]


def test_opened_rule_is_marked_at_its_group_and_in_the_table() -> None:
    root = drawn(change(shop(), shop(OPEN)))
    assert table(root)[:2] == [["This change"], ["api", "kv/0001, 0002", "tcp 443"]]
    notes = [each for each in root.findall("./{*}text") if "opened" in each.get("class", "").split()]
    assert "+ tcp 443 from 10.9.0.0/16" in [each.text for each in notes]
    assert styles(root, "path", "flow") == ["connector flow opened", *["connector flow"] * 2]
    assert styles(root, "circle", "opened") == ["mark opened"]


def test_closed_permission_is_drawn_as_closed() -> None:
    after = without("aws_vpc_security_group_ingress_rule.kv-from-api", shop())
    root = drawn(change(shop(), after))
    assert table(root)[:2] == [["This change"], ["api", "kv/0001, 0002", "tcp 11211"]]
    assert styles(root, "path", "permission") == ["connector permission closed"]
    assert styles(root, "circle", "closed") == ["mark closed"]


def test_moved_port_is_drawn_as_two_arrows_side_by_side() -> None:
    after = shop(ingress("kv", "api", 443))
    drawing = picture(change(shop(), after))
    arrows = [
        each
        for each in drawing.shapes
        if isinstance(each, Connector) and each.style.startswith("permission ")
    ]
    assert {each.style for each in arrows} == {"permission opened", "permission closed"}
    assert len({each.points[0][0] for each in arrows}) == 2


def test_added_zone_is_marked_with_all_that_is_in_it() -> None:
    root = drawn(change(shop(), shop(zones=3)))
    assert [css for css in styles(root, "rect", "new") if "zone" in css] == ["frame zone z2 new"]
    cards = [css for css in styles(root, "rect", "new") if css.startswith("card")]
    assert sorted(cards) == ["card function new", "card nat z2 new"]
    assert ["api in eu-west-3c", "internet", "tcp 443"] in table(root)


def test_zone_that_leaves_by_another_address_is_marked() -> None:
    root = drawn(change(shop(), shop(resource("aws_eip", f"shop-{A}", public_ip="203.0.113.99"))))
    assert ["eu-west-3a leaves by 203.0.113.99 instead of 203.0.113.10"] in table(root)
    assert styles(root, "circle", "moved") == ["mark moved"]


def test_plan_without_a_change_has_no_marks() -> None:
    root = drawn(change(shop(), shop()))
    assert table(root)[:2] == [["This change"], ["no flow and no egress address changes"]]
    assert styles(root, "circle", "mark") == []
    assert styles(root, "rect", "new") == []


def test_first_plan_is_drawn_without_marks() -> None:
    root = drawn(plan(*shop()))
    assert table(root) == [["Traffic that passes"], *REACHABLE]
    assert styles(root, "rect", "new") == []


def test_diagram_that_the_prover_cannot_read_names_the_reason() -> None:
    subnet = resource("aws_subnet", "other", vpc_id="vpc.shop", availability_zone=A)
    assert table(drawn(state(*shop(subnet)))) == [
        ["Not decided"],
        ["aws_subnet.other has no CIDR block in this plan: use the state after the apply"],
    ]


def test_table_with_long_names_and_texts_is_within_its_frame() -> None:
    long = "a-function-with-a-name-of-sixty-four-letters-which-aws-allows-000"
    ports = [MEMCACHED | {"from_port": port, "to_port": port} for port in range(1000, 3000, 50)]
    egress = [each | {"cidr_blocks": ["0.0.0.0/0"]} for each in ports]
    nodes = cache("many", [A] * 40)
    allowed = ingress("many", long, 1000) | {"address": "x.many"}
    drawing = picture(
        state(*shop(function(long, 1), group(long, egress=egress), group("many"), *nodes, allowed))
    )
    (frame,) = [each.box for each in drawing.shapes if isinstance(each, Frame) and each.style == "reach"]
    assert frame.right <= drawing.width
    texts = [each for each in drawing.shapes if isinstance(each, Text) and each.y > frame.y]
    boxes = [Box(each.x, each.y - 12, text_width(each.text, 11.5), 12) for each in texts]
    assert all(frame.x < box.x and box.right < frame.right and box.bottom < frame.bottom for box in boxes)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one.y != other.y or one.right < other.x or other.right < one.x, (one, other)
