"""The parts of the control plane whose state a snapshot contains.

A part is an object that the control plane makes with callables of this process: a backend of moto, or one of
its helpers. A snapshot has the values of a part's attributes, and loading sets them in the part of the
running lab with the same key. All other objects of the model are written and made again as a whole.

Classes are known by name, so that a snapshot of a lab does not import the services that the lab does not use.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import FunctionType
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.snapshots.file import SnapshotError

_CHANGES = "changes"
_HELPERS = frozenset(
    {"Changes", "EventQueue", "EventSourceMappings", "FunctionInterfaces", "Invocations", "ListingLag"}
)
"""The parts that are no backends, and no schedulers."""
_GIVEN: Mapping[str, frozenset[str]] = {
    "BucketsBackend": frozenset({"write_lock"}),
    "Changes": frozenset({"reconcile", "_lock"}),
    "EventQueue": frozenset({"_minute_ms"}),
    "EventSourceMappings": frozenset({"_roles", "_transition_ms"}),
    "Ec2Backend": frozenset({"settings"}),
    "FunctionInterfaces": frozenset({"_ec2", "_has_role", "_linger_seconds", "_schedule"}),
    "FunctionsBackend": frozenset({"_layers", "_roles", "_runner", "_schedule", "_settings", "url_callers"}),
    "HttpApisBackend": frozenset({"_lock"}),
    "IdentitiesBackend": frozenset({"_settings"}),
    "Invocations": frozenset({"_concurrency", "_logs", "_roles", "_runner", "_settings"}),
    "ListingLag": frozenset({"_lag_ms", "_lock"}),
    "MemcachedBackend": frozenset({"_schedule", "_settings"}),
    "QuotasBackend": frozenset({"_settings"}),
    "StacksBackend": frozenset({"_api", "_catalog", "_changes", "_lock", "_operations"}),
}
"""By class: the attributes that are no state. The control plane gives them to the part when it makes it, or
they count what the process does at the moment."""
_GIVEN_TO_ALL = frozenset({"_urls"})
_GIVEN_TO_BACKEND_DICTS = frozenset(
    {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}
)
_ENDPOINT_SERVICES = "endpoint_services"
_KEY = re.compile(r"moto\.[a-z0-9_]+\.models:[a-z0-9_]+_backends")
_SERVICES = {"apigatewayv2": "apigateway"}  # by moto's folder, where the signing name is another one


class Parts:
    """The parts of a control plane by key, such as "moto.ec2.models:ec2_backends/123456789012/us-east-1".

    `install` prepares the backend of a service, by signing name, before its first use.
    """

    def __init__(self, changes: Changes, install: Callable[[str], None]) -> None:
        self._changes = changes
        self._install = install

    def backends(self) -> Iterator[tuple[str, BackendDict]]:
        """Yield the backends of each service that is in use, with their key."""
        for backends in list(BackendDict._instances):
            if key := _key_of(backends):
                yield key, backends

    def all(self) -> dict[str, Any]:
        """Return the parts that exist."""
        found: dict[str, Any] = {}
        known: set[int] = set()
        _add(found, known, _CHANGES, self._changes)
        for key, backends in self.backends():
            for account, region, backend in list(backends.iter_backends()):
                _add(found, known, f"{key}/{account}/{region}", backend)
        return found

    def part(self, key: str) -> Any:
        """Return the part with a key; its service starts if it is not in use. Raises SnapshotError."""
        root, *names = key.split("/")
        if root == _CHANGES:
            return _child(self._changes, names, key)
        if len(names) < 2:
            raise SnapshotError(f"the snapshot names {key!r}, which this lab does not have")
        account, region, *path = names
        try:
            backend = self.service(root)[account][region]
        except KeyError as error:
            raise SnapshotError(f"the snapshot names {key!r}, which this lab does not have") from error
        return _child(backend, path, key)

    def service(self, key: str) -> BackendDict:
        """Return the backends of a service by key. Raises SnapshotError."""
        module, _, name = key.partition(":")
        if not _KEY.fullmatch(key):
            raise SnapshotError(f"the snapshot names {key!r}, which is no service")
        folder = module.split(".")[1]
        self._install(_SERVICES.get(folder, folder))
        try:
            backends = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise SnapshotError(f"the snapshot names {key!r}, which is no service") from error
        return backends


def saved_state(part: Any) -> dict[str, Any]:
    """Return the attributes of a part that a snapshot contains."""
    state = part.saved_state() if hasattr(part, "saved_state") else vars(part)
    given = _given(part)
    return {name: _without_function(value) for name, value in state.items() if name not in given}


def load_state(part: Any, state: Mapping[str, Any]) -> None:
    """Set the attributes of a part from a snapshot."""
    given = _given(part)
    checked = {name: value for name, value in state.items() if name not in given}
    if hasattr(part, "load_state"):
        part.load_state(checked)
    else:
        vars(part).update({name: _with_function(part, name, value) for name, value in checked.items()})


def _without_function(value: Any) -> Any:
    """Return an attribute's value; a dict whose missing members a function of moto makes becomes plain."""
    return dict(value) if _has_function(value) else value


def _with_function(part: Any, name: str, value: Any) -> Any:
    """Return the value of an attribute as it was before `_without_function`."""
    made = vars(part).get(name)
    return defaultdict(made.default_factory, value) if _has_function(made) else value


def _has_function(value: Any) -> bool:
    return isinstance(value, defaultdict) and isinstance(value.default_factory, FunctionType)


def saved_extras(backends: BackendDict) -> dict[str, Any]:
    """Return what a service keeps about all its accounts, such as the owner of each bucket name."""
    extras = {name: value for name, value in vars(backends).items() if name not in _GIVEN_TO_BACKEND_DICTS}
    return extras | ({_ENDPOINT_SERVICES: _endpoint_services()} if backends.service_name == "ec2" else {})


def load_extras(backends: BackendDict, extras: Mapping[str, Any]) -> None:
    """Set what a service keeps about all its accounts."""
    for name, value in extras.items():
        if name == _ENDPOINT_SERVICES:
            _endpoint_services().update(value)
        elif name not in _GIVEN_TO_BACKEND_DICTS:
            setattr(backends, name, value)


def _endpoint_services() -> dict[str, Any]:
    """Return the services that VPC endpoints connect to, with the IDs that moto gave them, by region."""
    services: dict[str, Any] = import_module("moto.ec2.models.vpcs").DEFAULT_VPC_ENDPOINT_SERVICES
    return services


def _given(part: Any) -> frozenset[str]:
    return _GIVEN.get(type(part).__name__, frozenset()) | _GIVEN_TO_ALL


def _is_part(value: Any) -> bool:
    return isinstance(value, BaseBackend | Scheduler) or type(value).__name__ in _HELPERS


def _add(found: dict[str, Any], known: set[int], key: str, part: Any) -> None:
    """Add a part, and the helpers that it holds, unless they are `known` by another key."""
    found[key] = part
    known.add(id(part))
    if isinstance(part, Scheduler):
        return
    given = _given(part)
    for name, value in list(vars(part).items()):
        is_helper = name not in given and _is_part(value) and not isinstance(value, BaseBackend)
        if is_helper and id(value) not in known:
            _add(found, known, f"{key}/{name}", value)


def _child(part: Any, names: list[str], key: str) -> Any:
    for name in names:
        part = vars(part).get(name)
        if not _is_part(part):
            raise SnapshotError(f"the snapshot names {key!r}, which this lab does not have")
    return part


def _key_of(backends: BackendDict) -> str | None:
    """Return where moto keeps the backends of a service, None if there are none yet."""
    for _, _, backend in backends.iter_backends():
        for base in type(backend).__mro__:
            for name, value in vars(sys.modules[base.__module__]).items():
                if value is backends and _KEY.fullmatch(f"{base.__module__}:{name}"):
                    return f"{base.__module__}:{name}"
    return None
