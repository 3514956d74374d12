"""The lab's page in a browser: what a person does there, and what the packets of the stack then do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser.fixtures import tab as tab  # a fixture
from tests.support.browser.tab import Tab
from vpcache.lab.client import Lab
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import Target

pytestmark = [pytest.mark.lab, pytest.mark.drill]

LIVE = "document.querySelector('#connection')?.textContent === 'live'"
QUIET_SECONDS = 3.0
MEMCACHED = 11211


@pytest.fixture
def page(tab: Tab, lab: Lab, stack: Stack, outputs: Outputs) -> Iterator[Tab]:
    """The page with the picture of the stack; the page logs no error."""
    tab.open(f"{lab.endpoint}/")
    tab.wait(LIVE)
    option = tab.wait(
        f"[...document.querySelectorAll('#stack option')].map((each) => each.value)"
        f".find((value) => value.endsWith({json.dumps('/' + stack.name)}))"
    )
    tab.choose("#stack", option)
    tab.wait("document.querySelectorAll('#picture svg').length")
    yield tab
    lab.clear_faults()
    assert tab.messages == []


@pytest.fixture
def gateway(target: Target, outputs: Outputs) -> tuple[str, str]:
    """The IDs of the first zone's NAT gateway and of its interface."""
    identifier = outputs["nat_gateway_ids"][outputs["zones"][0]]
    answer = target.client("ec2").describe_nat_gateways(NatGatewayIds=[identifier])
    return identifier, answer["NatGateways"][0]["NatGatewayAddresses"][0]["NetworkInterfaceId"]


@pytest.fixture
def load(target: Target, outputs: Outputs) -> Iterator[None]:
    """Invocations of the first zone's egress probe, one after the other until the test ends."""
    client, stop = target.client("lambda"), threading.Event()

    def invoke() -> None:
        while not stop.wait(0.2):
            client.invoke(FunctionName=outputs["egress_probes"][outputs["zones"][0]], Payload=b"{}")

    thread = threading.Thread(target=invoke)
    thread.start()
    yield
    stop.set()
    thread.join()


def card(key: str) -> str:
    return f"document.querySelector('[data-card=\"{key}\"]').textContent"


def interfaces(target: Target, group: str) -> list[dict[str, Any]]:
    """Return the interfaces that have a security group."""
    filters = [{"Name": "group-id", "Values": [group]}]
    found: list[dict[str, Any]] = target.client("ec2").describe_network_interfaces(Filters=filters)[
        "NetworkInterfaces"
    ]
    return found


def test_fault_button_stops_traffic_and_clear_restores_it(
    page: Tab, lab: Lab, gateway: tuple[str, str], load: None
) -> None:
    identifier, interface = gateway
    sent = f"Number({card(interface)}.match(/↑ ([0-9.]+) p/)[1])"
    cut_ways = "document.querySelectorAll('#picture .way.faulty').length"
    page.wait(f"{sent} > 0")
    assert page.evaluate(cut_ways) == 0

    page.choose("#fault-kind", "nat_gateway")
    page.choose("#fault-target", identifier)
    page.click("#inject button")
    page.wait(f"{card(interface)}.includes('✗ out') && {cut_ways} === 2")  # to its subnet, to the internet
    assert [(fault.kind, fault.target) for fault in lab.faults()] == [("nat_gateway", identifier)]
    page.wait(f"{sent} === 0")
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        assert page.evaluate(sent) == 0

    clear = f"#faults button[aria-label='Clear nat_gateway {identifier}: out']"
    page.evaluate(f"document.querySelector({json.dumps(clear)}).focus()")
    page.press("Enter")
    page.wait(f"{cut_ways} === 0 && !{card(interface)}.includes('✗')")
    assert lab.faults() == ()
    page.wait(f"{sent} > 0")


def test_page_invokes_a_function_and_names_its_gateway(page: Tab, outputs: Outputs) -> None:
    zone = outputs["zones"][1]
    name = outputs["egress_probes"][zone]
    arn = page.wait(
        "[...document.querySelectorAll('#invoke-function option')].map((each) => each.value)"
        f".find((value) => value.endsWith({json.dumps(':' + name)}))"
    )
    page.choose("#invoke-function", arn)
    page.choose("#invoke-payload", "{")
    page.click("#invoke button")
    page.wait("document.querySelector('#invoke-status').textContent.startsWith('the payload is not JSON')")
    page.choose("#invoke-payload", "{}")
    page.click("#invoke button")
    status = page.wait(
        "document.querySelector('#invoke-status').textContent.match(/^. (answered|failed).*/)?.[0]"
    )
    assert status.startswith("✓ answered in ")
    assert status.endswith(f", leaves through the NAT gateway of {zone}")
    assert "REPORT RequestId" in page.evaluate("document.querySelector('#invoke-log').textContent")
    page.wait(
        "[...document.querySelectorAll('#log div')].some((line) => line.textContent.includes('REPORT'))"
    )


def test_dropped_packet_is_listed_and_explained(
    page: Tab, lab: Lab, target: Target, outputs: Outputs
) -> None:
    cache = interfaces(target, outputs["cache_security_group_id"])[0]
    probe = outputs["egress_probes"][outputs["zones"][0]]
    configuration = target.client("lambda").get_function_configuration(FunctionName=probe)
    source = interfaces(target, configuration["VpcConfig"]["SecurityGroupIds"][0])[0]
    address = cache["PrivateIpAddress"]
    assert lab.connect(address, MEMCACHED, interface=source["NetworkInterfaceId"]) == "timeout"

    explain = f"#drops button[aria-label='Explain tcp from {source['PrivateIpAddress']} to {address}']"
    page.click(explain)
    answer = page.wait("document.querySelector('#why-answer details')?.innerText")
    assert "✗ does not pass" in answer
    assert f"tcp {MEMCACHED}" in answer


def test_enter_on_a_card_explains_its_flows(page: Tab, target: Target, outputs: Outputs) -> None:
    function = interfaces(target, outputs["cached_api_security_group_id"])[0]["NetworkInterfaceId"]
    page.evaluate(f"document.querySelector('.hit[data-key=\"{function}\"]').focus()")
    page.press("Enter")
    page.wait("document.querySelectorAll('#why-answer details').length")
    flows = page.evaluate(
        "[...document.querySelectorAll('#why-answer summary')].map((each) => each.innerText)"
    )
    assert len(flows) == len(outputs["cache_nodes"]) + 1
    assert [flow for flow in flows if not flow.startswith("✓ passes")] == []


def test_page_fits_400_pixels_without_horizontal_scrolling(page: Tab) -> None:
    for scheme in ("light", "dark"):
        page.resize(400, 800, scheme=scheme)
        page.wait("document.querySelector('#picture svg').getBoundingClientRect().width < 400")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor")
            == {
                "light": "rgb(255, 255, 255)",
                "dark": "rgb(13, 17, 23)",
            }[scheme]
        )
    page.resize(1200, 900)
