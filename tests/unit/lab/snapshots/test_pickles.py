"""What a model's pickle can contain: nothing that runs code when it is read."""

from __future__ import annotations

import io
import os
import pickle
import threading
import time
from collections import OrderedDict, defaultdict, deque
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from moto.ec2.models.vpcs import VPC
from moto.sqs.models import Queue

from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.clock import Instant
from vpcache.lab.aws.lag import ListingLag
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.aws.transitions import Transition
from vpcache.lab.snapshots.constructors import method
from vpcache.lab.snapshots.file import SnapshotError
from vpcache.lab.snapshots.pickles import Reader, Writer, part


class Reduced:
    """An object whose pickle calls a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


def read(content: bytes) -> Any:
    return Reader(io.BytesIO(content), {"changes": "the part"}.__getitem__).load()


def written(value: Any, **parts: Any) -> bytes:
    file = io.BytesIO()
    Writer(file, parts, time.monotonic()).dump(value)
    return file.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        Reduced(os.system, "true"),
        Reduced(eval, "1"),
        Reduced(getattr, "text", "upper"),
        Reduced(open, "/etc/passwd"),
        Reduced(Scheduler, "name"),
        Reduced(Queue, "name", "us-east-1", "123456789012"),
        Reduced(__import__, "os"),
        os.system,
        threading.Thread,
        type("Foreign", (), {}),
    ],
    ids=[
        "system",
        "eval",
        "getattr",
        "open",
        "lab's class",
        "moto's class",
        "import",
        "function",
        "class",
        "own",
    ],
)
def test_foreign_call_or_class_is_refused(value):
    try:
        content = pickle.dumps(value)
    except pickle.PicklingError:
        content = b"\x80\x04c__main__\nForeign\n."
    with pytest.raises(SnapshotError, match=r"which is no part of a lab's model|which this lab lacks"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [b"(ios\nsystem\n.", b"(cos\nsystem\no.", b"\x80\x04\x82\x01.", b"Pkey\n."],
    ids=["INST", "OBJ", "EXT1", "PERSID"],
)
def test_operations_that_no_lab_writes_are_refused(content):
    with pytest.raises(SnapshotError):
        read(content)


def test_method_that_no_model_has_is_refused():
    with pytest.raises(ValueError, match=r"Transition\.begin is no method of a lab's model"):
        read(pickle.dumps(Reduced(method, Transition(), "begin")))


@pytest.mark.parametrize("value", [lambda: None, threading.Thread.run, Scheduler("name").pending])
def test_function_is_not_written(value):
    with pytest.raises(SnapshotError, match=r"^a snapshot cannot contain the (function|method) "):
        written({"key": value})


def test_thread_is_not_written():
    with pytest.raises((SnapshotError, TypeError)):
        written(threading.current_thread())


def test_values_are_read_as_written():
    value = {
        "plain": [1, 2.5, None, True, b"bytes", "text", {1, 2}, frozenset({3}), (4,)],
        "kept": [OrderedDict(a=1), defaultdict(list, a=[1]), deque([1], maxlen=3), IPv4Address("10.0.0.1")],
        "time": datetime(2025, 1, 31, tzinfo=UTC),
    }
    assert read(written(value)) == value


def test_locks_are_new_and_open():
    held = threading.Lock()
    held.acquire()
    lock, condition = read(written([held, threading.Condition()]))
    assert lock.acquire(blocking=False)
    assert condition.acquire(blocking=False)


def test_instant_keeps_its_distance_from_now():
    before, after = read(written([Instant.after(-5), Instant.after(7)]))
    now = time.monotonic()
    assert -6 < before - now < -4
    assert 6 < after - now < 8


def test_transition_continues_and_one_that_is_over_stays_over():
    current, past = Transition(), Transition()
    current.begin("creating", 60_000)
    past.begin("creating", 0)
    current, past = read(written([current, past]))
    assert (current.state("available"), past.state("available")) == ("creating", "available")


def test_shared_object_remains_one_object():
    vpc = VPC.__new__(VPC)
    first, second = read(written([vpc, vpc]))
    assert first is second
    assert type(first) is VPC


class Changed:
    """An object whose pickle sets the state of what a function returns."""

    def __init__(self, function: Any, *arguments: Any, state: Any) -> None:
        self._call = (function, arguments, state)

    def __reduce__(self) -> Any:
        return self._call


def test_part_is_not_changed():
    changes = Changes(lambda: None)
    content = pickle.dumps(Changed(part, "changes", state={"reconcile": None}))
    with pytest.raises(SnapshotError, match="which it has not made"):
        Reader(io.BytesIO(content), {"changes": changes}.__getitem__).load()
    assert changes.reconcile is not None


def test_class_is_not_changed():
    state = (None, {"state": 1})
    content = pickle.dumps(Transition).removesuffix(b".") + pickle.dumps(state)[2:].removesuffix(b".") + b"b."
    with pytest.raises(SnapshotError, match="which it has not made"):
        read(content)
    assert callable(Transition.state)


def test_key_is_read_as_written():
    key = ec.generate_private_key(ec.SECP256R1())
    assert read(written(key)).private_numbers() == key.private_numbers()


def test_action_that_waits_for_a_lock_is_pending():
    started, release, scheduler = threading.Event(), threading.Event(), Scheduler("test")

    def action() -> None:
        started.set()
        release.wait(10)

    scheduler.after(0, action)
    assert started.wait(10)
    assert [each for _, each in scheduler.pending()] == [action]
    release.set()


def test_part_is_a_reference():
    changes = Changes(lambda: None)
    assert read(written([changes, changes], changes=changes)) == ["the part", "the part"]


def test_pending_action_is_a_method_and_its_arguments():
    changes = Changes(lambda: None)
    scheduler = Scheduler("test")
    action = partial(scheduler.after, 1.0)
    assert b"after" in written(action, changes=scheduler)
    with pytest.raises(SnapshotError):
        written(partial(changes.exclusive_lock), changes=changes)


def test_lag_that_is_over_is_no_state():
    lag: ListingLag[str] = ListingLag(lambda: 0)
    lag.created("name")
    assert lag.saved_state()["_created"] == {}
