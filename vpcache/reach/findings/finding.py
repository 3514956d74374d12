"""A finding, and the rules that findings are of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How severe a finding is: the levels of SARIF, the most severe first.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317648
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """A mistake in a network.

    `rule` is the ID of one of `vpcache.reach.findings.rules.RULES`. `resource` is the ID or the Terraform
    address of what has the mistake. `text` is one line: what is open or closed, through what, and the remedy.
    """

    rule: str
    severity: Severity
    resource: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.text} [{self.rule}]"


def most_severe_first(found: list[Finding]) -> tuple[Finding, ...]:
    """Return findings without duplicates: errors, then warnings, then notes."""
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    return tuple(
        sorted(dict.fromkeys(found), key=lambda each: (ranks[each.severity], each.rule, each.resource))
    )
