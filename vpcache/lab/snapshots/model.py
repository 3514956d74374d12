"""The control plane's model as bytes, and from bytes."""

from __future__ import annotations

import io
import logging
from typing import Any

from vpcache.lab.aws.clock import Instant
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.snapshots.file import SnapshotError
from vpcache.lab.snapshots.parts import Parts, load_extras, load_state, saved_extras, saved_state
from vpcache.lab.snapshots.pickles import Reader, Writer

_log = logging.getLogger(__name__)

_STATES, _EXTRAS, _PENDING = "states", "extras", "pending"
_CHANGED = "changed"  # how Python's errors of a collection that changed while it was iterated are worded


def dump(parts: Parts) -> tuple[bytes, bool]:
    """Return the model, and whether it has pending actions. The caller holds the lock of changes.

    Calls that need no lock, such as those of S3, may change a collection that is being written: then the
    writing begins again.
    """
    while True:
        try:
            return _dump(parts)
        except RuntimeError as error:
            if _CHANGED not in str(error):
                raise
            _log.info("the model changed while it was written: %s", error)


def _dump(parts: Parts) -> tuple[bytes, bool]:
    found = parts.all()
    pending = {key: each.pending() for key, each in found.items() if isinstance(each, Scheduler)}
    document = {
        _STATES: {key: saved_state(each) for key, each in found.items() if not isinstance(each, Scheduler)},
        _EXTRAS: {key: saved_extras(backends) for key, backends in parts.backends()},
        _PENDING: pending,
    }
    file = io.BytesIO()
    Writer(file, found).dump(document)
    return file.getvalue(), any(pending.values())


def load(parts: Parts, model: bytes) -> None:
    """Set the model. The caller holds the lock of changes. Raises SnapshotError before anything is set."""
    try:
        document: dict[str, Any] = Reader(io.BytesIO(model), parts.part).load()
        states = [(parts.part(key), state) for key, state in document[_STATES].items()]
        extras = [(parts.service(key), extra) for key, extra in document[_EXTRAS].items()]
        pending = [(parts.part(key), actions) for key, actions in document[_PENDING].items()]
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"the snapshot is damaged: {error!r}") from error
    for part, state in states:
        load_state(part, state)
    for backends, extra in extras:
        load_extras(backends, extra)
    for part, _ in states:
        if hasattr(part, "resume"):
            part.resume()
    for scheduler, actions in pending:
        for due, action in actions:
            scheduler.after(due - Instant.after(0), action)
