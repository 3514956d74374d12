"""Reports as text, JSON, Markdown and SARIF."""

from __future__ import annotations

import json
from typing import Any

from tests.support.terraform_documents import resource
from tests.unit.reach.test_terraform_network import rule, shop
from vpcache.reach import report as reports
from vpcache.reach.network import Network
from vpcache.reach.policy import parse_policy
from vpcache.reach.policy_file import Policy
from vpcache.reach.rendering.document import document
from vpcache.reach.rendering.markdown import markdown
from vpcache.reach.rendering.sarif import sarif
from vpcache.reach.rendering.text import lines
from vpcache.reach.report import Report
from vpcache.reach.traffic import parse_target

OPEN = rule(11211, cidr_blocks=["0.0.0.0/0"], description="debugging")


def asked(subject: Network, source: str, target: str) -> Report:
    return reports.with_flows(reports.report(subject, "shop"), subject, source, parse_target(target))


def changed(policy: str = "never: cache -> cache") -> Report:
    """Return the report of a change that opens the cache, and violates a policy."""
    after = shop(ingress=OPEN)
    report = reports.with_change(reports.report(after, "the plan"), shop(), after)
    return reports.with_policy(report, after, Policy("reach.policy", parse_policy(policy, "reach.policy")))


def test_text_of_a_flow_marks_the_steps_that_stop_it() -> None:
    found = list(lines(asked(shop(), "internet", "cache:11211")))
    assert found[0] == "tcp 11211 from internet to cache/0001: does not pass"
    assert found[1].startswith("  stops   internet gateway: ")
    assert any(line.startswith("  ok      network ACL inbound: ") for line in found)


def test_text_of_a_target_without_a_port_has_all_traffic() -> None:
    assert list(lines(asked(shop(), "api", "cache")))[1:] == [
        "shop-api in eu-west-3a  cache/0001, 0002  tcp 11211",
        "shop-api in eu-west-3b  cache/0001, 0002  tcp 11211",
    ]


def test_text_of_a_matrix_has_egress_addresses() -> None:
    subject = shop()
    found = list(lines(reports.with_matrix(reports.report(subject, "shop"), subject)))
    assert found[0].split() == ["from", "to", "traffic"]
    assert found[-2:] == ["eu-west-3a leaves by 203.0.113.10", "eu-west-3b leaves by 203.0.113.11"]


def test_text_names_what_is_not_in_the_model() -> None:
    peering = resource("aws_vpc_peering_connection", "other", vpc_id="vpc.shop")
    (line,) = [each for each in lines(asked(shop(peering), "api", "cache:1")) if "model" in each]
    assert line.startswith("not in the model: aws_vpc_peering_connection.other (VPC peering connection)")


def test_text_of_a_change_has_findings_and_violations_first() -> None:
    found = list(lines(changed()))
    assert found[0].startswith("warning: security_group.cache")
    assert any(line.startswith("violated: reach.policy:1: never: cache -> cache: ") for line in found)
    assert "reach.policy: 0 of 1 assertions hold" in found
    assert "opens: cache/0001 -> cache/0002: tcp 11211" in found


def test_json_has_flows_with_their_hops() -> None:
    flow = document(asked(shop(), "api", "internet:443"))["flows"][0]
    assert (flow["verdict"], flow["seen_as"], flow["port"]) == ("passes", "203.0.113.10", 443)
    assert all(hop["passes"] for hop in flow["hops"])
    assert {"stage", "resource", "passes", "reason"} == set(flow["hops"][0])


def test_json_of_a_change_can_be_written_and_read() -> None:
    found = json.loads(json.dumps(document(changed())))
    assert found["opens"][0]["traffic"] == "tcp 11211"
    assert found["closes"] == []
    assert found["policy"]["violations"][0]["line"] == 1
    assert found["findings"][0]["severity"] == "warning"


def test_markdown_of_a_change_has_a_table_of_what_it_opens() -> None:
    text = markdown(changed())
    assert text.startswith("### Reachability of the plan\n")
    assert "**Policy** `reach.policy` is violated" in text
    assert "| from | to | traffic | because |\n| --- | --- | --- | --- |\n| cache/0001 | cache/0002 |" in text


def test_markdown_table_is_cut_after_sixty_rows() -> None:
    row = reports.Row("api", ("cache",), "tcp 11211")
    text = markdown(Report("shop", rows=(row,) * 70))
    assert text.count("| api | cache |") == 60
    assert "… and 10 more" in text


def results(report: Report) -> list[dict[str, Any]]:
    log = sarif(report, "1.2.3", lambda _: ("infra/main.tf", 7))
    (run,) = log["runs"]
    known = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= known
    found: list[dict[str, Any]] = run["results"]
    return found


def test_sarif_locates_violations_in_the_policy_and_findings_in_the_module() -> None:
    found = {each["ruleId"]: each["locations"][0]["physicalLocation"] for each in results(changed())}
    assert found["policy-violation"]["artifactLocation"] == {"uri": "reach.policy"}
    assert found["policy-violation"]["region"] == {"startLine": 1}
    assert found["open-to-any-address"]["artifactLocation"] == {"uri": "infra/main.tf"}
    assert found["open-to-any-address"]["region"] == {"startLine": 7}


def test_sarif_levels_are_those_of_the_format() -> None:
    levels = {each["ruleId"]: each["level"] for each in results(changed())}
    assert levels["policy-violation"] == "error"
    assert levels["open-to-any-address"] == "warning"
    assert levels["opened-flow"] == "note"
