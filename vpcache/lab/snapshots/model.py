"""The control plane's model as bytes, and from bytes."""

from __future__ import annotations

import io
import logging
import pickle
import time
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

from vpcache.lab.aws.clock import Instant
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.snapshots.file import SnapshotError
from vpcache.lab.snapshots.parts import Parts, load_extras, load_state, saved_extras, saved_state
from vpcache.lab.snapshots.pickles import Reader, Writer

_log = logging.getLogger(__name__)

_STATES, _EXTRAS, _PENDING = "states", "extras", "pending"
_CHANGED = "changed"  # how Python's errors of a collection that changed while it was iterated are worded


def dump(parts: Parts, now: float | None = None) -> tuple[bytes, bool]:
    """Return the model, and whether it has pending actions. The caller holds the lock of changes.

    Times in it are distances from `now`, by default the present. With the same `now`, a model that has not
    changed has the same bytes. Raises SnapshotError for what a snapshot cannot contain.

    Calls that need no lock, such as those of S3, may change a collection that is being written: then the
    writing begins again.
    """
    while True:
        try:
            return _dump(parts, time.monotonic() if now is None else now)
        except (TypeError, pickle.PicklingError) as error:
            raise SnapshotError(f"a snapshot cannot contain a resource of this lab: {error}") from error
        except RuntimeError as error:
            if _CHANGED not in str(error):
                raise
            _log.info("the model changed while it was written: %s", error)


def _dump(parts: Parts, now: float) -> tuple[bytes, bool]:
    found = parts.all()
    pending = {key: each.pending() for key, each in found.items() if isinstance(each, Scheduler)}
    document = {
        _STATES: {key: saved_state(each) for key, each in found.items() if not isinstance(each, Scheduler)},
        _EXTRAS: {key: saved_extras(backends) for key, backends in parts.backends()},
        _PENDING: pending,
    }
    file = io.BytesIO()
    Writer(file, found, now).dump(document)
    return file.getvalue(), any(pending.values())


def load(parts: Parts, model: bytes) -> Callable[[], None]:
    """Set the model, and return what resumes its pending actions.

    The caller holds the lock of changes. Raises SnapshotError before anything is set.
    """
    try:
        document: dict[str, Any] = Reader(io.BytesIO(model), parts.part).load()
        states = [(parts.part(key), state) for key, state in document[_STATES].items()]
        extras = [(parts.service(key), extra) for key, extra in document[_EXTRAS].items()]
        pending = [(parts.part(key), actions) for key, actions in document[_PENDING].items()]
        if not all(_is_method(action) for _, actions in pending for _, action in actions):
            raise SnapshotError("the snapshot has a pending action that no lab writes")
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"the snapshot is damaged: {error!r}") from error
    for part, state in states:
        load_state(part, state)
    for backends, extra in extras:
        load_extras(backends, extra)

    def resume() -> None:
        for part, _ in states:
            if hasattr(part, "resume"):
                part.resume()
        for scheduler, actions in pending:
            for due, action in actions:
                scheduler.after(due - Instant.after(0), action)

    return resume


def _is_method(action: Any) -> bool:
    """Return whether an action is a method, perhaps with arguments."""
    while isinstance(action, partial):
        action = action.func
    return isinstance(action, MethodType)
