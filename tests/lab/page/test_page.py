"""The page of a running lab: what it shows follows what happens, and its end frees everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.live_page import LivePage, request
from tests.support.network.vpc_factory import ZONES, VpcFactory
from tests.support.paths import ROOT
from vpcache.lab.client import Lab
from vpcache.testing.run import PytestRun

HERE = ZONES[0]
_SECONDS = 20.0
_PROXY = """
    def handler(event, context):
        print("answering", event["state"])
        return {"statusCode": 200, "headers": {"x-cache": event["state"]}, "body": ""}
"""


@pytest.fixture
def page(vpc_factory: VpcFactory) -> Iterator[LivePage]:
    """An open page of a lab with a VPC that has an internet gateway."""
    vpc_factory.attach_internet_gateway()
    with LivePage(vpc_factory.lab) as page:
        yield page


def the_vpc(shown: dict[str, Any], vpc_factory: VpcFactory) -> Any:
    vpcs = [vpc for stack in shown["stacks"] for vpc in stack["vpcs"]]
    return next(vpc for vpc in vpcs if vpc["id"] == vpc_factory.vpc)


def test_snapshot_has_the_vpc_with_its_zones(page: LivePage, vpc_factory: VpcFactory) -> None:
    vpc = the_vpc(page.shown, vpc_factory)
    assert [zone["name"] for zone in vpc["zones"]] == list(ZONES)
    assert [subnet["is_public"] for zone in vpc["zones"] for subnet in zone["subnets"]] == [True, False] * 2
    assert page.shown["fault_choices"]["dns"]["targets"].count(vpc_factory.vpc) == 1
    assert page.shown["lab"]["endpoint"] == vpc_factory.lab.endpoint


def test_new_resources_and_faults_appear(page: LivePage, vpc_factory: VpcFactory) -> None:
    gateway, address, _ = vpc_factory.new_nat_gateway(HERE)
    vpc_factory.ec2.create_tags(
        Resources=[vpc_factory.vpc], Tags=[{"Key": "Stack", "Value": vpc_factory.name}]
    )
    page.until(lambda shown: vpc_factory.name in [stack["name"] for stack in shown["stacks"]])
    (nat,) = the_vpc(page.shown, vpc_factory)["nat_gateways"]
    assert (nat["id"], nat["elastic_ip"]) == (gateway, address)
    assert [each["used_by"] for each in page.shown["elastic_ips"] if each["address"] == address] == [gateway]
    answer = page.act("fault", kind="nat_gateway", target=gateway)
    assert [fault["target"] for fault in answer["faults"]] == [gateway]
    page.until(lambda shown: shown["faulty"].get(gateway) == "out")
    assert page.act("clear") == {"faults": []}
    page.until(lambda shown: not shown["faulty"])


def test_invocations_traffic_and_drops_appear(page: LivePage, vpc_factory: VpcFactory) -> None:
    closed = vpc_factory.new_group("closed")
    target = vpc_factory.ec2.create_network_interface(SubnetId=vpc_factory.private[HERE], Groups=[closed])[
        "NetworkInterface"
    ]
    function = vpc_factory.new_function("probe", HERE)
    interface = vpc_factory.interface_of(function, HERE)
    event = {"address": target["PrivateIpAddress"], "port": 11211, "timeout": 0.2}
    arn = vpc_factory.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    answer = page.act("invoke", function=arn, payload=event)
    assert not answer["failed"] and "TimeoutError" in answer["payload"] and "REPORT" in answer["log"]
    page.until(lambda shown: arn in shown["functions"] and not shown["functions"][arn]["running"])
    figures = page.shown["functions"][arn]
    assert (figures["invocations"], json.loads(figures["last_payload"])) == (1, event)
    assert [line["message"].split()[0] for line in page.shown["logs"] if line["function"] == arn][
        -1
    ] == "REPORT"
    page.until(lambda shown: shown["traffic"].get(interface, {}).get("sent", {}).get("packets"))
    page.until(
        lambda shown: any(each["interface"] == target["NetworkInterfaceId"] for each in shown["drops"])
    )
    drop = next(each for each in page.shown["drops"] if each["interface"] == target["NetworkInterfaceId"])
    assert (drop["cause"], drop["resources"], drop["source_name"], drop["protocol"], drop["port"]) == (
        "security group ingress",
        [closed],
        function,
        "tcp",
        11211,
    )
    explained = page.act(
        "explain", source=interface, target=drop["target"], protocol=drop["protocol"], port=drop["port"]
    )
    assert [step["resource"] for step in explained["steps"] if not step["passes"]] == [closed]


def test_answers_from_the_cache_are_counted(page: LivePage, vpc_factory: VpcFactory) -> None:
    function = vpc_factory.new_function("proxy", HERE, code=_PROXY)
    for state in ("HIT", "HIT", "MISS", "STALE"):
        vpc_factory.invoke(function, state=state)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    page.until(lambda shown: shown["functions"].get(arn, {}).get("invocations") == 4)
    figures = page.shown["functions"][arn]
    assert [figures[key] for key in ("hits", "misses", "stale", "errors")] == [2, 1, 1, 0]
    assert "answering STALE" in [line["message"] for line in page.shown["logs"]]


def test_explanation_agrees_with_packets(page: LivePage, vpc_factory: VpcFactory) -> None:
    ec2, closed, there = vpc_factory.ec2, vpc_factory.new_group("closed"), ZONES[1]

    def new_interface(zone: str, group: str) -> dict[str, Any]:
        created = ec2.create_network_interface(SubnetId=vpc_factory.private[zone], Groups=[group])
        return dict(created["NetworkInterface"])

    source, beside, away = (new_interface(zone, vpc_factory.group) for zone in (HERE, HERE, there))
    blocked = new_interface(there, closed)
    acls = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc_factory.vpc]}])
    rule = {"NetworkAclId": acls["NetworkAcls"][0]["NetworkAclId"], "RuleNumber": 50, "Egress": False}

    def passes(target: dict[str, Any]) -> bool:
        id_, address = source["NetworkInterfaceId"], target["PrivateIpAddress"]
        answer = page.act("explain", source=id_, target=address, protocol="tcp", port=11211)
        assert answer["passes"] == (vpc_factory.lab.connect(address, 11211, interface=id_) == "refused")
        return bool(answer["passes"])

    assert passes(away) and not passes(blocked)
    for low, high in ((11211, 11211), (32768, 60999)):  # the request, then the answer
        ports = {"From": low, "To": high}
        ec2.create_network_acl_entry(
            **rule, CidrBlock="0.0.0.0/0", Protocol="6", RuleAction="deny", PortRange=ports
        )
        assert passes(beside) and not passes(away)
        ec2.delete_network_acl_entry(**rule)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:4600"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Lab-Token": "guessed"}, 403),
        ({}, 403),
    ],
)
def test_other_sites_change_nothing(own_lab: Lab, headers: dict[str, str], status: int) -> None:
    body = json.dumps({"kind": "origin", "target": "dummy.restapiexample.com"})
    json_headers = {"Content-Type": "application/json"} | headers
    assert request(own_lab.port, "POST", "/_lab/live/fault", body, json_headers)[0] == status
    assert own_lab.faults() == ()
    if headers.keys() & {"Host", "Origin", "Sec-Fetch-Site"}:
        assert request(own_lab.port, "GET", "/_lab/live", None, headers)[0] == status


def test_progress_of_a_drill_appears(page: LivePage, own_lab: Lab) -> None:
    second = {"at": 1, "requests": 40, "errors": 0, "hit_rate": 1.0, "p50_ms": 1.0, "p99_ms": 2.0}
    texts = {"name": "nat_gateway", "zone": HERE, "stack": "shop", "phase": "steady load"}
    own_lab.show_drill({**texts, "is_running": True, "injected": None, "removed": None, "seconds": [second]})
    shown = page.until(lambda shown: shown["drill"] and shown["drill"]["stack"] == "shop")
    assert shown["drill"]["seconds"] == [second]


def test_closed_page_frees_all_that_it_used(vpc_factory: VpcFactory) -> None:
    lab = vpc_factory.lab
    lab.status()
    before = lab.daemon_stats()
    with LivePage(lab):
        assert lab.daemon_stats().descriptors > before.descriptors
    deadline = time.monotonic() + _SECONDS
    while lab.daemon_stats().descriptors > before.descriptors:
        assert time.monotonic() < deadline, lab.daemon_stats()
        time.sleep(0.1)


def test_stream_ends_with_the_lab(tmp_path: Path, vpcache_run: PytestRun) -> None:
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        page = LivePage(lab)
        began = time.monotonic()
        lab.stop()
        with suppress(EOFError, ConnectionError):
            while True:
                page.next()
        assert time.monotonic() - began < _SECONDS


def test_task_opens_the_page_in_the_users_browser(own_lab: Lab, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    environment = {**os.environ, "VPCACHE_LAB_PORT": str(own_lab.port), "BROWSER": str(browser)}
    command = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "lab.open"]
    task = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert task.stdout == f"{own_lab.endpoint}/ shows the lab live\n"
    assert (tmp_path / "opened").read_text() == f"{own_lab.endpoint}/\n"
