"""A kept stack's lab: what it has now, and its restore to what a new lab would have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict

from vpcache.drills.injection import restore_interrupted_drill
from vpcache.lab.client import Lab
from vpcache.lab.faults import FaultKind, Mode
from vpcache.lab.settings import LabSettings
from vpcache.stack.state import StateLocation, read_state
from vpcache.stack.state_history import written_resources
from vpcache.stack.target import Target
from vpcache.testing.kept.calls import DATA_TYPES
from vpcache.testing.kept.decision import Seen
from vpcache.testing.kept.fingerprint import text_digest
from vpcache.wording import counted

_CACHE_NODE = re.compile(r".+/\d{4}")


def seen(lab: Lab, target: Target, state: StateLocation) -> Seen:
    """Return what a lab has of the stack with a state."""
    text = read_state(target, state)
    return Seen(text_digest(text) if text else "", lab.calls(), has_data=_has_data(text))


def restore(
    lab: Lab,
    target: Target,
    state: StateLocation,
    settings: Mapping[str, int | str],
    notify: Callable[[str], None],
) -> None:
    """Remove what earlier runs left on a lab outside of the stack, and empty the caches.

    Faults and drills of killed runs, added origins, and changed settings are removed.
    """
    restore_interrupted_drill(target, state, notify)
    if faults := lab.faults():
        lab.clear_faults()
        labels = ", ".join(fault.label for fault in faults)
        notify(f"removed {counted(len(faults), 'fault')} of an earlier run: {labels}")
    for origin in lab.origins():
        lab.remove_origin(origin.name)
    expected = LabSettings().changed(settings)
    if lab.settings() != expected:
        lab.configure(**asdict(expected))
    for place in lab.ask("GET", "places"):
        if _CACHE_NODE.fullmatch(place["name"]):
            lab.fault(FaultKind.CACHE_NODE, f"{place['region']}/{place['name']}", Mode.RESTARTED)


def _has_data(state: str) -> bool:
    """Return whether a stack manages resources that data-plane calls create."""
    return any(kind in DATA_TYPES for kind, _ in written_resources(state))
