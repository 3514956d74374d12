"""The command `reach`: reads a network, asks it, and prints and writes the report."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from vpcache.cli.console import user_errors
from vpcache.cli.reach.locations import locator
from vpcache.cli.reach.options import ReachOptions
from vpcache.cli.reach.sources import Subject, subject
from vpcache.errors import VpcacheError
from vpcache.reach import report as reports
from vpcache.reach.policy import parse_policy
from vpcache.reach.report import PolicyResult, Report
from vpcache.wording import shown


class PolicyViolatedError(VpcacheError):
    """A policy does not hold."""


class InvalidInputError(VpcacheError):
    """The question or its input is invalid. Its exit status differs from that of a violated policy."""

    exit_status = 2


@user_errors
def reach(root: Path, options: ReachOptions) -> None:
    """Answer which packets can pass, and check the policy.

    Exits with 1 if the policy is violated, with 2 if the question or its input is invalid.
    """
    try:
        options.check()
        asked = subject(root, options)
        found = _report(asked, options)
        _write(asked, found, options)
        _print(found, options)
        if options.live:
            _print_live(asked, found, options)
    except VpcacheError as error:
        raise InvalidInputError(str(error)) from error
    _check_policy(found.policy)


def _report(asked: Subject, options: ReachOptions) -> Report:
    found = reports.report(asked.network, asked.name)
    traffic = options.traffic()
    if options.source and traffic:
        return reports.with_flows(found, asked.network, options.source, traffic)
    if options.source or traffic:
        return reports.with_matrix(found, asked.network, options.source, traffic)
    if asked.before is None or not asked.before.topology.vpcs:
        found = reports.with_findings(reports.with_matrix(found, asked.network), asked.network)
    else:
        found = reports.with_change(found, asked.before, asked.network)
    if asked.policy is None:
        return found
    file = shown(asked.policy)
    return reports.with_policy(found, asked.network, parse_policy(_text(asked.policy), file), file)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise VpcacheError(f"cannot read the policy {file}: {error}") from error


def _write(asked: Subject, found: Report, options: ReachOptions) -> None:
    """Write the report to the files that the options name."""
    from vpcache.reach.rendering.markdown import markdown
    from vpcache.reach.rendering.sarif import sarif

    if options.markdown:
        Path(options.markdown).write_text(markdown(found))
    if options.sarif:
        locate = locator(asked.network, asked.folder, options.from_plan)
        Path(options.sarif).write_text(f"{json.dumps(sarif(found, version('vpcache'), locate), indent=2)}\n")


def _print(found: Report, options: ReachOptions) -> None:
    from vpcache.reach.rendering.document import document
    from vpcache.reach.rendering.text import lines

    if options.as_json:
        print(json.dumps(document(found)))
    else:
        print("\n".join(lines(found)))


def _print_live(asked: Subject, found: Report, options: ReachOptions) -> None:
    """Send the flows of the report, or a sample of the whole network, and print both verdicts.

    Raises VpcacheError if they differ.
    """
    from vpcache.cli.reach.live import sent
    from vpcache.reach.sample import sample

    both = sent(asked, found.answers or sample(asked.network))
    if options.as_json:
        print(json.dumps({"live": list(both.lines())}))
    else:
        print("\n".join(both.lines()))
    if both.disagreements:
        raise VpcacheError(
            f"{len(both.disagreements)} verdicts differ from the packets: report this with the lines above"
        )


def _check_policy(result: PolicyResult | None) -> None:
    if result is not None and result.violations:
        broken = len({violation.assertion for violation in result.violations})
        raise PolicyViolatedError(f"{result.file}: {broken} of {result.assertions} assertions do not hold")
