"""The check of what the lab requires on this host."""

from __future__ import annotations

import json
from dataclasses import asdict

from vpcache.cli.console import user_errors
from vpcache.cli.lab import chosen_lab
from vpcache.errors import VpcacheError
from vpcache.lab.doctor import Finding, examine


@user_errors
def doctor(*, as_json: bool) -> None:
    """Check the requirements of the lab on this host and, if it is running, the consistency of its state."""
    findings = examine()
    lab = chosen_lab()
    if lab.status().running:
        differences = lab.differences()
        text = "; ".join(differences) or "model, kernel and processes are consistent"
        findings.append(Finding(f"lab on port {lab.port}", not differences, text))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        print(*findings, sep="\n")
    failed = [finding.name for finding in findings if not finding.is_ok]
    if failed:
        raise VpcacheError(f"{len(failed)} of {len(findings)} checks failed: {', '.join(failed)}")
