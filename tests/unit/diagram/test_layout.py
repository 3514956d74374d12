"""Positions and texts of a diagram, for any number of zones, functions and nodes."""

import itertools
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.support.terraform_documents import ZONES, cache, function, group, ingress, network, resource, state
from vpcache.diagram.drawing.png import png
from vpcache.diagram.drawing.shapes import Bar, Box, Card, Connector, Frame, Pill, Text
from vpcache.diagram.drawing.svg import svg
from vpcache.diagram.drawing.text import text_width
from vpcache.diagram.layout import layout
from vpcache.diagram.live import Live
from vpcache.diagram.parser import parse
from vpcache.errors import VpcacheError
from vpcache.probes import Result

A, B, C = ZONES[:3]
LONG = "a-function-with-a-name-of-sixty-four-letters-which-aws-allows-000"


def app(zones):
    return [
        *(function("api", zones, ORIGIN="https://origin.example"), group("api"), group("kv")),
        *(*cache("kv", ZONES[:zones]), ingress("kv", "api")),
    ]


def workers(zones):
    for number in range(5):
        name = f"worker-{number}"
        yield from (function(name, 1 + number % zones), group(name), ingress("kv", name))
    yield from (function(LONG, zones, "api"), function(f"probe-{A}", 1, "nobody-s"))


def isolated(zones):
    for number, zone in enumerate(ZONES[:zones]):
        for name in ("data", "later", "latest"):
            yield resource(
                "aws_subnet",
                f"{name}-{zone}",
                vpc_id="vpc.shop",
                availability_zone=zone,
                cidr_block=f"10.9.2{number}.0/24",
            )
            if name != "data":
                yield resource(
                    "aws_route_table_association",
                    f"{name}-{zone}",
                    subnet_id=f"subnet.{name}-{zone}",
                    route_table_id=f"route_table.shop-{zone}",
                )


def endpoints(*services):
    for service in services:
        name = f"com.amazonaws.eu-west-3.{service}"
        vpc = "vpc.a-vpc-with-a-name-that-is-rather-long"
        yield resource("aws_vpc_endpoint", service, vpc_id=vpc, service_name=name)


SCENES = {
    **{f"{zones} zones": [*network(zones), *app(zones)] for zones in (1, 2, 3, 6)},
    "one NAT gateway for all": [*network(6, one_gateway_per_zone=False), *app(6)],
    "many functions": [*network(3), *app(3), *workers(3)],
    "more tiers": [*network(2), *app(2), *isolated(2)],
    "two VPCs": [*network(2), *app(2), *network(3, name="other"), function("x", 3, vpc="other")],
    "an empty network": network(2),
    "a long foot": [
        *network(1, name="a-vpc-with-a-name-that-is-rather-long"),
        *endpoints("s3", "dynamodb", "x"),
    ],
}


def drawing_of(*resources, live=None):
    return layout(parse(state(*resources)), live)


@pytest.fixture(params=SCENES, scope="module")
def scene(request):
    return drawing_of(*SCENES[request.param])


def boxes(scene, *kinds):
    return [shape.box for shape in scene.shapes if isinstance(shape, kinds)]


def overlap(one, other):
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def contains(outer, inner):
    return (
        outer.x <= inner.x
        and inner.right <= outer.right
        and outer.y <= inner.y
        and inner.bottom <= outer.bottom
    )


def frames(scene, style):
    return [each for each in scene.shapes if isinstance(each, Frame) and each.style.split()[0] == style]


def test_shapes_do_not_overlap(scene):
    for kind in (Card, Pill):
        for one, other in itertools.combinations(boxes(scene, kind), 2):
            assert not overlap(one, other), (one, other)
    for style in ("zone", "public", "private", "isolated", "band", "vpc"):
        for one, other in itertools.combinations(frames(scene, style), 2):
            assert not overlap(one.box, other.box), (one, other)


def test_shapes_are_within_the_drawing(scene):
    for box in boxes(scene, Frame, Card, Pill, Bar):
        assert box.x >= 0 and box.right <= scene.width and box.y >= 0 and box.bottom <= scene.height
    for connector in (shape for shape in scene.shapes if isinstance(shape, Connector)):
        assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in connector.points)


def test_texts_are_within_the_drawing(scene):
    for text in (shape for shape in scene.shapes if isinstance(shape, Text)):
        width = text_width(text.text, 13, bold=True) + text_width(text.note, 11.5)
        assert "end" in text.style or text.x + width <= scene.width, text


def test_subnets_are_in_zones_and_resources_in_subnets(scene):
    subnets = [frame for tier in ("public", "private", "isolated") for frame in frames(scene, tier)]
    for subnet in subnets:
        assert sum(contains(zone.box, subnet.box) for zone in frames(scene, "zone")) == 1
    for card in (shape for shape in scene.shapes if isinstance(shape, Card) and shape.icon != "host"):
        assert sum(contains(subnet.box, card.box) for subnet in subnets) == 1


def test_connectors_are_straight_and_end_at_a_shape(scene):
    for connector in (shape for shape in scene.shapes if isinstance(shape, Connector)):
        for (x0, y0), (x1, y1) in itertools.pairwise(connector.points):
            assert (x0 == x1) != (y0 == y1), connector
        x, y = connector.points[-1]
        assert any(
            box.x <= x <= box.right and box.y <= y <= box.bottom for box in boxes(scene, Frame, Card)
        ), connector


def test_egress_paths_cross_no_subnet_and_do_not_overlap(scene):
    subnets = [frame.box for tier in ("public", "private", "isolated") for frame in frames(scene, tier)]
    segments = []  # without the last one of each path, which all have in common
    for connector in paths(scene):
        for (x0, y0), (x1, y1) in itertools.pairwise(connector.points[:-1]):
            segment = Box(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
            assert not any(overlap(segment, box) for box in subnets), connector
            segments.append(Box(segment.x - 1, segment.y - 1, segment.width + 2, segment.height + 2))
    for one, other in itertools.combinations(segments, 2):
        is_crossing = (one.width > 2) != (other.width > 2)
        assert is_crossing or not overlap(one, other), (one, other)


def paths(scene):
    return [
        shape for shape in scene.shapes if isinstance(shape, Connector) and shape.style.startswith("egress")
    ]


@pytest.mark.parametrize("zones", [1, 2, 3, 6])
def test_each_zone_has_a_straight_egress_path_in_its_colour(zones):
    scene = drawing_of(*network(zones))
    assert len(paths(scene)) == 2 * zones  # subnet to gateway, gateway to the internet
    for zone in frames(scene, "zone"):
        own = [
            connector for connector in paths(scene) if zone.box.x < connector.points[0][0] < zone.box.right
        ]
        assert len(own) == 2
        assert {connector.style.split()[1] for connector in own} == {zone.style.split()[1]}
        assert len({x for connector in own for x, _ in connector.points}) == 1
    assert len({connector.style for connector in paths(scene)}) == zones


def test_egress_path_via_another_zone_has_its_colour():
    scene = drawing_of(*network(2, one_gateway_per_zone=False))
    first, second = frames(scene, "zone")
    (crossing,) = [connector for connector in paths(scene) if connector.points[0][0] > second.box.x]
    assert first.box.x < crossing.points[-1][0] < first.box.right
    assert crossing.style.split()[1] == first.style.split()[1]


def test_unknown_nat_gateway_is_named():
    parts = [each for each in network(1) if each["type"] != "aws_nat_gateway"]
    texts = [shape.text for shape in drawing_of(*parts).shapes if isinstance(shape, Text)]
    assert f"0.0.0.0/0 via nat_gateway.shop-{A}" in texts


def test_band_is_below_the_bands_it_allows():
    scene = drawing_of(*SCENES["many functions"])
    bands = {frame.title: frame.box for frame in frames(scene, "band")}
    others = [box for title, box in bands.items() if title != "security group kv"]
    assert len(others) == 7
    assert all(box.bottom < bands["security group kv"].y for box in others)
    assert "security group of another stack" in bands


def test_band_order_does_not_depend_on_the_input_order():
    parts = [
        *network(2),
        function("a", 2),
        group("a"),
        function("b", 2),
        group("b"),
        ingress("a", "b", 443),
    ]
    tops = {frame.title: frame.box.y for frame in frames(drawing_of(*parts), "band")}
    assert tops["security group b"] < tops["security group a"]


def test_cyclic_permissions_terminate():
    scene = drawing_of(*SCENES["2 zones"], ingress("api", "kv", 443))
    assert {shape.text for shape in scene.shapes if isinstance(shape, Pill)} >= {"tcp 11211", "tcp 443"}


RESULTS = [
    Result("egress", A, True, "seen as 203.0.113.10"),
    Result("egress", B, False, "function x: no address: " + "timed out " * 30),
    Result("cache hit", None, True, "first from the origin"),
    Result("cache is private", A, True, "timeout"),
    Result("cache is private", B, False, "connected"),
]


def test_probe_results_are_marked_at_their_resources():
    scene = drawing_of(*SCENES["2 zones"], live=Live(RESULTS))
    marks = [(shape.text, shape.passed) for shape in scene.shapes if isinstance(shape, Pill) and shape.text]
    assert sorted(marks) == [
        ("elastic IP 203.0.113.10", True),
        ("elastic IP 203.0.113.11", False),
        ("not private", False),
        ("private", True),
        ("tcp 11211", True),
    ]
    assert sorted(connector.style for connector in paths(scene)) == [
        "egress z0",
        "egress z0",
        "egress z1 broken",
        "egress z1 broken",
    ]
    texts = [shape.text for shape in scene.shapes if isinstance(shape, Text)]
    assert [text for text in texts if text.startswith("seen as")] == ["seen as 203.0.113.10"]
    assert sum("timed out" in text for text in texts) > 2, "long evidence has several lines"
    test_shapes_are_within_the_drawing(scene)


def test_without_probes_nothing_is_marked(scene):
    assert all(shape.passed is None for shape in scene.shapes if isinstance(shape, Pill))


@pytest.mark.parametrize(
    ("text", "size", "bold", "measured"),
    [
        ("dummy.restapiexample.com", 13, True, 206.8),
        ("security group egress-probe-us-east-1a", 11.5, True, 257.3),
        ("first from the origin in 225.2 ms, second from the cache", 11.5, False, 322.4),
        ("10.0.0.128/26", 11.5, False, 80.7),
        ("MEMCACHED WWW mmm", 13, True, 187.2),
    ],
)
def test_text_width_covers_the_widest_font(text, size, bold, measured):
    """The widths are what Chromium measures in DejaVu Sans, of weight 600 if bold."""
    assert measured <= text_width(text, size, bold=bold) <= 1.1 * measured


def test_svg_is_well_formed_and_escapes_names():
    text = svg(drawing_of(*network(1, name='<script>"&'), function("<b>", 1, vpc='<script>"&')))
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not root.findall(".//{*}script")
    assert {element.text for element in root.findall(".//{*}text")} >= {'VPC <script>"&', "<b>"}


def test_svg_is_deterministic_with_dark_colours():
    first, second = (svg(drawing_of(*SCENES["3 zones"])) for _ in range(2))
    assert first == second
    assert "@media (prefers-color-scheme: dark)" in first
    assert 'class="ground"' in first


def test_png_is_twice_as_large_as_the_svg():
    scene = drawing_of(*SCENES["2 zones"])
    data = png(svg(scene))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    assert (width, height) == (2 * round(scene.width), 2 * round(scene.height))


def test_png_has_text_without_installed_fonts():
    with_text, without = (
        png(f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="20">{inner}</svg>')
        for inner in ('<text y="15" style="font-family: system-ui, sans-serif">abc</text>', "")
    )
    assert len(with_text) > len(without) + 100


def test_png_without_its_extra_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(VpcacheError, match=r"a PNG requires resvg_py: .*`pip install 'vpcache\[png\]'"):
        png("<svg/>")
