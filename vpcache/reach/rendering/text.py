"""A report as lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.reach.answers import Answer, Verdict
from vpcache.reach.comparison import Comparison
from vpcache.reach.ends import joined
from vpcache.reach.report import PolicyResult, Report, Row

_WITH_HOPS = 4  # answers that are printed with all their steps; of others the obstacles are printed


def lines(report: Report) -> Iterator[str]:
    """Yield a report line by line: findings and violations first, then what was asked."""
    for finding in report.findings:
        yield f"{finding.severity}: {finding.text} [{finding.rule}]"
    if report.policy is not None:
        yield from policy_lines(report, report.policy)
    for answer in report.answers:
        yield from _answer(report, answer, all_hops=len(report.answers) <= _WITH_HOPS)
    if report.comparison is not None:
        yield from _comparison(report, report.comparison)
    if report.rows is not None:
        yield from table([("from", "to", "traffic"), *map(cells, report.rows)])
        if not report.rows:
            yield "nothing passes" + (", as far as this can be decided" if report.undecided else "")
    for zone, addresses in report.egress.items():
        yield f"{zone} leaves by {' and '.join(addresses)}"
    for address, kind in report.unmodeled.items():
        yield f"not in the model: {address} ({kind}); it may carry more traffic"
    for sentence in report.undecided:
        yield f"not decided: {sentence}"


def cells(row: Row) -> tuple[str, str, str]:
    """Return the cells of a row: "cache/0001, 0002" for the nodes of a cluster."""
    return row.source, joined(row.targets), row.traffic


def table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the rows of a table with aligned columns, nothing for a heading without rows."""
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _answer(report: Report, answer: Answer, *, all_hops: bool) -> Iterator[str]:
    yield report.named(answer.summary)
    for passes, text in answer.hops():
        if all_hops or not passes:
            stops = "unknown" if answer.verdict is Verdict.UNKNOWN else "stops"
            yield f"  {'ok' if passes else stops:7} {report.named(text)}"


def _comparison(report: Report, comparison: Comparison) -> Iterator[str]:
    for verb, changes in (("opens", comparison.opened), ("closes", comparison.closed)):
        for change in changes:
            yield report.named(f"{verb}: {change}")
            yield from (f"  {report.named(reason)}" for reason in change.reasons)
    yield from (f"egress address of {each}" for each in comparison.moved)
    if comparison.is_empty:
        yield "no flow and no egress address changes"


def policy_lines(report: Report, policy: PolicyResult) -> Iterator[str]:
    """Yield the violations of a policy with their paths, and how many of its assertions hold."""
    for violation in policy.violations:
        yield f"violated: {report.named(str(violation))}"
        yield from (f"  {report.named(step)}" for step in violation.steps)
    broken = len({violation.assertion for violation in policy.violations})
    held = policy.assertions - broken
    yield f"{policy.file}: {held} of {policy.assertions} assertions hold"
