"""A report as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vpcache.lab.prover.traffic import described
from vpcache.reach.answers import Answer
from vpcache.reach.comparison import Changed, Comparison
from vpcache.reach.report import PolicyResult, Report

FORMAT_VERSION = "1.0"
"""The version of the document's format: a new minor version adds keys, a new major version changes some."""


def document(report: Report) -> dict[str, Any]:
    """Return a report as a JSON object; what was not asked is absent."""
    found: dict[str, Any] = {"format_version": FORMAT_VERSION, "subject": report.subject}
    if report.answers:
        found["flows"] = [_answer(report, answer) for answer in report.answers]
    if report.rows is not None:
        found["reachable"] = [
            {"from": row.source, "to": list(row.targets), "traffic": row.traffic} for row in report.rows
        ]
    if report.egress:
        found["egress"] = {zone: list(addresses) for zone, addresses in report.egress.items()}
    if report.comparison is not None:
        found |= _comparison(report, report.comparison)
    if report.policy is not None:
        found["policy"] = _policy(report, report.policy)
    return found | {
        "findings": [asdict(finding) for finding in report.findings],
        "not_in_the_model": dict(report.unmodeled),
        "not_decided": list(report.undecided),
    }


def _answer(report: Report, answer: Answer) -> dict[str, Any]:
    return {
        "from": answer.source,
        "to": answer.target,
        "protocol": answer.flow.protocol,
        "port": answer.flow.port,
        "verdict": answer.verdict.value,
        "seen_as": str(answer.path.seen_as) if answer.path.seen_as else None,
        "hops": [
            {
                "stage": step.stage.value,
                "resource": step.resource,
                "passes": answer.flow.number in step.permitted,
                "reason": report.named(step.decide(answer.flow)[1]),
            }
            for step in answer.path.steps
        ],
    }


def _comparison(report: Report, comparison: Comparison) -> dict[str, Any]:
    def change(each: Changed) -> dict[str, Any]:
        return {
            "from": each.source,
            "to": each.target,
            "traffic": described(each.packets),
            "reasons": [report.named(reason) for reason in each.reasons],
        }

    return {
        "opens": [change(each) for each in comparison.opened],
        "closes": [change(each) for each in comparison.closed],
        "egress_changes": [asdict(each) for each in comparison.moved],
    }


def _policy(report: Report, policy: PolicyResult) -> dict[str, Any]:
    return {
        "file": policy.file,
        "assertions": policy.assertions,
        "violations": [
            {
                "line": each.assertion.at.line,
                "column": each.assertion.at.column,
                "assertion": each.assertion.text,
                "reason": report.named(each.reason),
                "path": [report.named(step) for step in each.steps],
            }
            for each in policy.violations
        ],
    }
