"""The table of the rules of findings, which SARIF lists."""

from __future__ import annotations

import re

from tests.support.paths import ROOT
from tests.unit.reach.findings.shop_plans import A, B, nat, routes, shop
from vpcache.reach.findings import rules
from vpcache.reach.findings.checks import findings


def test_each_rule_has_a_stable_id_and_texts() -> None:
    names = {value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str)}
    assert [each.id for each in rules.RULES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", each.id)] == []
    assert {each.id for each in rules.RULES} == {name for name in names if not name.startswith("http")}
    assert all(each.url.startswith("https://docs.aws.amazon.com/") for each in rules.RULES)
    assert all(each.summary and each.help.endswith(".") for each in rules.RULES)


def test_findings_name_rules_of_the_table_and_known_resources() -> None:
    subject = shop(routes(A), routes(B, nat(A)))
    found = findings(subject)
    assert found
    assert {each.rule for each in found} <= {each.id for each in rules.RULES}
    assert {each.resource for each in found} <= set(subject.names)


def test_page_lists_each_rule() -> None:
    section = (ROOT / "docs/reach.md").read_text().split("## Findings", 1)[1].split("\n## ", 1)[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert sorted(listed) == sorted(each.id for each in rules.RULES)
