"""What a model in a snapshot consists of: the classes of moto and of the lab, and a few of Python's.

A pickle names classes and functions, and reading it calls them. Therefore a snapshot is read by a list:

- `FUNCTIONS`, which make what has no plain state, such as a lock, and may be called;
- `CLASSES` of Python and libraries, which may be called;
- the classes of `MODULES`, which reading never calls: their objects get the state that was written.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import functools
import ipaddress
import re
import threading
import types
import uuid
from collections.abc import Callable
from typing import Any

from requests.structures import CaseInsensitiveDict

from vpcache.lab.aws.clock import Instant

MODULES = ("moto.", "vpcache.lab.aws.", "vpcache.lab.functions.spec", "vpcache.lab.topology")
"""How the names of the model's modules start."""
METHODS = frozenset(
    {
        "Changes._apply",
        "EventQueue._begin",
        "EventSourceMappings._apply",
        "EventSourceMappings._forget",
        "EventSourceMappings._invoke",
        "FunctionInterfaces._delete_unneeded",
        "MemcachedBackend._finish_deletion",
        "MemcachedBackend._finish_serverless_deletion",
        "QueuePoller._poll",
        "QueuePoller.wake",
        "RulesBackend._fire",
        "Scheduler.after",
    }
)
"""The methods that pending actions call."""
_FILTERED = frozenset({"SecurityGroup", "SecurityGroupRule"})
_FILTER = "filter_"  # how the names start of the methods that moto keeps in each object of these classes


def is_of_model(owner: Any, name: str) -> bool:
    """Return whether a model contains this method of one of its objects."""
    names = {base.__name__ for base in type(owner).__mro__}
    return bool(name.startswith(_FILTER) and names & _FILTERED) or any(
        f"{each}.{name}" in METHODS for each in names
    )


def method(owner: Any, name: str) -> Callable[..., Any]:
    """Return a method of an object of the model. Raises ValueError unless `is_of_model`."""
    if not is_of_model(owner, name):
        raise ValueError(f"{type(owner).__name__}.{name} is no method of a lab's model")
    found: Callable[..., Any] = getattr(owner, name)
    return found


def named(value: types.MethodType) -> tuple[Any, str]:
    """Return the object and the name of a method, for `method`."""
    return value.__self__, value.__func__.__name__


def instant(seconds: float) -> Instant:
    """Return the time in this many seconds, which may be negative."""
    return Instant.after(seconds)


def lock() -> Any:
    """Return an open lock."""
    return threading.Lock()


def reentrant_lock() -> Any:
    """Return an open lock that its owner may take again."""
    return threading.RLock()


def condition() -> threading.Condition:
    """Return a condition for which nobody waits."""
    return threading.Condition()


def private_key(der: bytes) -> Any:
    """Return a private key, of KMS for example, from its PKCS #8 form."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(der, None)


def der_of(key: Any) -> bytes:
    """Return the PKCS #8 form of a private key, for `private_key`."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    found: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return found


LOCKS: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): lock,
    type(threading.RLock()): reentrant_lock,
    threading.Condition: condition,
}
FUNCTIONS: frozenset[Callable[..., Any]] = frozenset(
    {condition, instant, lock, method, private_key, reentrant_lock, re._compile}  # type: ignore[attr-defined]
)
CLASSES: frozenset[type] = frozenset(
    {
        CaseInsensitiveDict,
        bytearray,
        collections.Counter,
        collections.OrderedDict,
        collections.defaultdict,
        collections.deque,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        datetime.timezone,
        decimal.Decimal,
        dict,
        float,
        frozenset,
        functools.partial,
        int,
        ipaddress.IPv4Address,
        ipaddress.IPv4Network,
        ipaddress.IPv6Address,
        ipaddress.IPv6Network,
        list,
        object,
        range,
        set,
        str,
        tuple,
        uuid.SafeUUID,
        uuid.UUID,
    }
)
"""No class here does anything with its arguments but keep them."""
