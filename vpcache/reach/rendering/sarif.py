"""A report as SARIF 2.1.0, for code scanning. Pure.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html is the format,
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
what GitHub reads of it: each result needs a physical location.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vpcache.lab.prover.traffic import described
from vpcache.reach.comparison import Changed
from vpcache.reach.findings.rules import RULES
from vpcache.reach.report import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
Locate = Callable[[str], tuple[str, int]]
"""Returns the file and the line of a resource by its ID or address; relative to the repository's root."""

_OWN_RULES = (
    ("policy-violation", "An assertion of the policy does not hold"),
    ("opened-flow", "A change opens traffic between two ends"),
)


def sarif(report: Report, version: str, locate: Locate) -> dict[str, Any]:
    """Return a report as a SARIF log: violations are errors, opened flows are notes."""
    results = []
    if report.policy is not None:
        for violation in report.policy.violations:
            at = violation.assertion.at
            message = report.named(f"{violation.assertion.text}: {violation.reason}")
            results.append(_result("policy-violation", "error", message, (at.file, at.line)))
    for finding in report.findings:
        results.append(_result(finding.rule, finding.severity, finding.text, locate(finding.resource)))
    if report.comparison is not None:
        results += [
            _result("opened-flow", "note", _opened(report, change), locate(""))
            for change in report.comparison.opened
        ]
    rules = [
        *({"id": id_, "shortDescription": {"text": text}} for id_, text in _OWN_RULES),
        *(
            {
                "id": rule.id,
                "shortDescription": {"text": rule.summary},
                "help": {"text": rule.help},
                "helpUri": rule.url,
            }
            for rule in RULES
        ),
    ]
    driver = {"name": "vpcache", "semanticVersion": version, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _opened(report: Report, change: Changed) -> str:
    text = f"{change.source} reaches {change.target}: {described(change.packets)}"
    return report.named("; ".join((text, *change.reasons)))


def _result(rule: str, level: str, message: str, at: tuple[str, int]) -> dict[str, Any]:
    file, line = at
    location = {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
    return {
        "ruleId": rule,
        "level": str(level),
        "message": {"text": message},
        "locations": [{"physicalLocation": location}],
    }
