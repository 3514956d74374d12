"""A report as Markdown, for the comment of a pull request. Pure.

https://docs.github.com/en/get-started/writing-on-github describes the syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from vpcache.lab.prover.traffic import described
from vpcache.reach.comparison import Changed, Comparison
from vpcache.reach.rendering.text import cells
from vpcache.reach.report import PolicyResult, Report

_SHOWN = 60  # rows of a table; GitHub limits a comment to 65,536 characters


def markdown(report: Report) -> str:
    """Return a report as Markdown: the policy and the changes first, then findings and the table."""
    parts = [f"### Reachability of {report.subject}"]
    if report.policy is not None:
        parts.append(_policy(report, report.policy))
    if report.comparison is not None:
        parts += _comparison(report, report.comparison)
    if report.findings:
        listed = (f"- **{each.severity}** {each.text} (`{each.rule}`)" for each in report.findings)
        parts.append("**Findings**\n\n" + "\n".join(listed))
    if report.answers:
        parts.append("\n".join(f"- {report.named(answer.summary)}" for answer in report.answers))
    if report.rows is not None:
        found = [cells(row) for row in report.rows]
        parts.append(_table(("from", "to", "traffic"), found) if found else "Nothing passes.")
    if report.egress:
        found_by_zone = [(zone, " and ".join(addresses)) for zone, addresses in report.egress.items()]
        parts.append(_table(("zone", "egress address"), found_by_zone))
    parts += _limits(report)
    return "\n\n".join(parts) + "\n"


def _policy(report: Report, policy: PolicyResult) -> str:
    if not policy.violations:
        return f"**Policy** `{policy.file}`: all {policy.assertions} assertions hold."
    listed = []
    for violation in policy.violations:
        at = violation.assertion.at
        listed.append(f"- line {at.line}, `{violation.assertion.text}`: {report.named(violation.reason)}")
        if violation.steps:
            steps = "".join(f"<li>{escape(report.named(step))}</li>" for step in violation.steps)
            listed.append(f"  <details><summary>path</summary><ol>{steps}</ol></details>")
    return f"**Policy** `{policy.file}` is violated\n\n" + "\n".join(listed)


def _comparison(report: Report, comparison: Comparison) -> Iterator[str]:
    for title, changes in (("Opens", comparison.opened), ("Closes", comparison.closed)):
        if changes:
            yield f"**{title}**\n\n" + _table(("from", "to", "traffic", "because"), _changes(report, changes))
    if comparison.moved:
        moved = [(each.zone, each.before or "none", each.after or "none") for each in comparison.moved]
        yield "**Egress addresses**\n\n" + _table(("zone", "before", "after"), moved)
    if comparison.is_empty:
        yield "No flow and no egress address changes."


def _changes(report: Report, changes: Iterable[Changed]) -> list[tuple[str, ...]]:
    return [
        (each.source, each.target, described(each.packets), report.named("; ".join(each.reasons)))
        for each in changes
    ]


def _limits(report: Report) -> Iterator[str]:
    """Yield what the answers do not cover."""
    if report.unmodeled:
        listed = "\n".join(f"- `{address}`: {kind}" for address, kind in report.unmodeled.items())
        yield f"**Not in the model**, and may carry more traffic:\n\n{listed}"
    if report.undecided:
        yield "**Not decided** by the plan:\n\n" + "\n".join(f"- {each}" for each in report.undecided)


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    shown = [heading, tuple("---" for _ in heading), *rows[:_SHOWN]]
    text = "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in shown)
    return f"{text}\n\n… and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
