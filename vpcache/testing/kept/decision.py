"""What a run may reuse of a kept stack: nothing, or all but what differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vpcache.testing.kept.calls import changes_since
from vpcache.testing.kept.fingerprint import Fingerprint
from vpcache.testing.kept.record import KeptStack, Phase


@dataclass(frozen=True)
class Expected:
    """What a run needs: the version of this package, the region of the target, the settings of the lab."""

    version: str
    region: str
    settings: Mapping[str, int | str]


@dataclass(frozen=True)
class Seen:
    """What a kept stack's lab has now: a digest of Terraform's state, empty without one, and its calls.

    A stack that `has_data` has resources that calls for data create, so the calls do not show their changes.
    """

    state: str
    calls: Mapping[str, int]
    has_data: bool = False


class Action(StrEnum):
    """What a run does before it uses a kept stack."""

    REUSE = "reuse"
    UPDATE_CODE = "update code"
    APPLY = "apply"


def unsuitable(record: KeptStack, expected: Expected) -> str:
    """Return why a run cannot use a kept stack, in a few words, empty if it can. No lab is asked."""
    if record.phase is Phase.APPLYING:
        return "its last apply was interrupted"
    if record.region != expected.region:
        return f"it is in {record.region}, the target is {expected.region}"
    if record.lab is not None and record.version != expected.version:
        return f"its lab was started by vpcache {record.version}, this run is {expected.version}"
    if record.settings != expected.settings:
        names = sorted(
            name
            for name in {*record.settings, *expected.settings}
            if record.settings.get(name) != expected.settings.get(name)
        )
        return f"the lab's setting {', '.join(names)} differs"
    return ""


def stale(record: KeptStack, seen: Seen) -> str:
    """Return how a kept stack differs from its record, in a few words, empty if it does not."""
    if not seen.state:
        return "its Terraform state was deleted"
    if seen.state != record.state:
        return "its Terraform state was changed"
    if changed := changes_since(record.calls, seen.calls):
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return f"resources were changed after its apply, by {', '.join(changed[:3])}{more}"
    return ""


def differences(record: KeptStack, fingerprint: Fingerprint) -> list[str]:
    """Return the parts of a configuration that differ from the last apply."""
    before = record.fingerprint
    if before is None:
        return []
    names = sorted(
        name
        for name in {*before.bundles, *fingerprint.bundles}
        if before.bundles.get(name) != fingerprint.bundles.get(name)
    )
    return [
        *(["HCL"] if before.hcl != fingerprint.hcl else []),
        *(["variables"] if before.variables != fingerprint.variables else []),
        *(f"bundle {name}" for name in names),
    ]


def action(record: KeptStack, fingerprint: Fingerprint, *, is_proven: bool) -> Action:
    """Return what brings a kept stack up to date with the configuration that has `fingerprint`.

    `is_proven` says that the lab has the resources that Terraform's state has.
    """
    before = record.fingerprint
    if before is None or record.phase is not Phase.APPLIED or fingerprint.open or not is_proven:
        return Action.APPLY
    if (before.hcl, before.variables) != (fingerprint.hcl, fingerprint.variables):
        return Action.APPLY
    if before.bundles.keys() != fingerprint.bundles.keys():
        return Action.APPLY
    return Action.REUSE if before.bundles == fingerprint.bundles else Action.UPDATE_CODE
