"""One run of `reach`: reads a network, asks it, and prints and writes the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from vpcache.cli.reach.errors import DisagreementError, PolicyViolatedError
from vpcache.cli.reach.locations import locator
from vpcache.cli.reach.options import ReachOptions
from vpcache.cli.reach.sources import Subject, subject
from vpcache.reach import report as reports
from vpcache.reach.live import Agreement
from vpcache.reach.report import PolicyResult, Report
from vpcache.wording import counted


@dataclass(frozen=True)
class Outcome:
    """The check of the policy, and the comparison with sent packets; None if not asked for."""

    policy: PolicyResult | None
    packets: Agreement | None

    def check(self) -> None:
        """Raise DisagreementError if packets contradict an answer, PolicyViolatedError for violations."""
        if self.packets is not None and self.packets.disagreements:
            flows = counted(len(self.packets.disagreements), "flow")
            raise DisagreementError(f"{flows} contradict the answers: report this with the lines above")
        if self.policy is not None and self.policy.violations:
            broken = len({violation.assertion for violation in self.policy.violations})
            raise PolicyViolatedError(
                f"{self.policy.file}: {broken} of {self.policy.assertions} assertions do not hold"
            )


def run(root: Path, options: ReachOptions) -> Outcome:
    """Answer what the options ask: print the report, and write its files.

    Raises VpcacheError if the question or its input is invalid.
    """
    options.check()
    asked = subject(root, options)
    found = _report(asked, options)
    _write(asked, found, options)
    packets = _sent(asked, found, options) if options.live else None
    _print(found, packets, options)
    return Outcome(found.policy, packets)


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
    return found if asked.policy is None else reports.with_policy(found, asked.network, asked.policy)


def _write(asked: Subject, found: Report, options: ReachOptions) -> None:
    """Write the report to the files that the options name."""
    from vpcache.reach.rendering.markdown import markdown
    from vpcache.reach.rendering.sarif import sarif

    if options.markdown:
        Path(options.markdown).write_text(markdown(found))
    if options.sarif:
        locate = locator(asked.network, asked.folder, options.from_plan)
        Path(options.sarif).write_text(f"{json.dumps(sarif(found, version('vpcache'), locate), indent=2)}\n")


def _print(found: Report, packets: Agreement | None, options: ReachOptions) -> None:
    from vpcache.reach.rendering.document import document
    from vpcache.reach.rendering.text import lines

    sent = list(packets.lines()) if packets else []
    if options.as_json:
        print(json.dumps(document(found) | ({"packets": sent} if packets else {})))
    else:
        print("\n".join((*lines(found), *sent)))


def _sent(asked: Subject, found: Report, options: ReachOptions) -> Agreement:
    """Send the flows of the report, or a sample of those between the ends that were asked for."""
    from vpcache.cli.reach.live import sent
    from vpcache.reach.sample import sample

    traffic = options.traffic()
    target = traffic.name if traffic else ""
    return sent(asked, found.answers or sample(asked.network, options.source, target))
