"""Writing and reading a model as a pickle, in which parts of the control plane are references by key."""

from __future__ import annotations

import copyreg
import functools
import io
import pickle
import types
from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import Enum
from importlib import import_module
from typing import Any, ClassVar

from vpcache.lab.aws.clock import Instant
from vpcache.lab.snapshots.constructors import (
    CLASSES,
    FUNCTIONS,
    LOCKS,
    MODULES,
    der_of,
    instant,
    is_of_model,
    method,
    named,
    private_key,
)
from vpcache.lab.snapshots.file import SnapshotError

_PROTOCOL = 5


_CALLED: tuple[Any, ...] = (*FUNCTIONS, *CLASSES)
_CONSTRUCTORS: Mapping[tuple[str, str], Callable[..., Any]] = {
    (each.__module__, str(each.__qualname__)): each for each in _CALLED
}


def part(key: str) -> Any:
    """Stand for the part with a key: `Reader` finds it."""
    raise NotImplementedError(key)


def aws_policy(iam: Any, arn: str, identity: str, attachments: int) -> Any:
    """Stand for a policy that AWS manages, which each lab has: `Reader` finds it."""
    raise NotImplementedError(arn)


_WRITTEN = FUNCTIONS | {part, aws_policy, copyreg.__newobj__}  # type: ignore[attr-defined]

_load_reduce: Callable[[Any], None] = pickle._Unpickler.dispatch[pickle.REDUCE[0]]
_load_newobj: Callable[[Any], None] = pickle._Unpickler.dispatch[pickle.NEWOBJ[0]]
_load_build: Callable[[Any], None] = pickle._Unpickler.dispatch[pickle.BUILD[0]]


class Writer(pickle.Pickler):
    """Writes a model. `parts` has all parts by key. `dump` raises SnapshotError for what has no plain state.

    Times are written as their distance from `now`, of the monotonic clock. `dump` may raise a RuntimeError
    while another thread changes the model.
    """

    def __init__(self, file: io.BytesIO, parts: Mapping[str, Any], now: float) -> None:
        super().__init__(file, _PROTOCOL)
        self._parts = parts
        self._keys = {id(each): key for key, each in parts.items()}
        self._now = now

    def reducer_override(self, value: Any) -> Any:
        """Return how `value` is made, NotImplemented for Python's own way."""
        key = self._keys.get(id(value))
        if key is not None:
            return part, (key,)
        kind = type(value)
        if kind is Instant:
            return instant, (round(value - self._now, 3),)
        if kind in LOCKS:
            return LOCKS[kind], ()
        if kind is types.MethodType:
            return _reduced_method(value)
        if hasattr(kind, "private_bytes"):
            return private_key, (der_of(value),)
        if kind is types.FunctionType and value not in _WRITTEN:
            raise SnapshotError(
                f"a snapshot cannot contain the function {value.__module__}.{value.__qualname__}"
            )
        if issubclass(kind, defaultdict) and kind is not defaultdict:
            # Python's own way calls the class with the factory, and loses the attributes
            state = (vars(value), {"default_factory": value.default_factory})
            return copyreg.__newobj__, (kind,), state, None, iter(value.items())  # type: ignore[attr-defined]
        if kind.__name__ == "AWSManagedPolicy":
            iam = f"moto.iam.models:iam_backends/{value.account_id}/{value.partition}"
            return aws_policy, (self._parts[iam], value.arn, value.id, value.attachment_count)
        return NotImplemented


def _reduced_method(value: types.MethodType) -> tuple[Callable[..., Any], tuple[Any, str]]:
    owner, name = named(value)
    if not is_of_model(owner, name):
        raise SnapshotError(f"a snapshot cannot contain the method {value.__qualname__}")
    return method, (owner, name)


class Reader(pickle._Unpickler):  # Python's reader without C, whose operations can be replaced
    """Reads a model; `find_part` returns a part by key.

    Python's own reader calls whatever a pickle names. This one calls what `constructors` lists, and makes
    objects of the model's classes without a call. It sets the state of these objects only, not of the parts.
    Raises SnapshotError for everything else.
    """

    def __init__(self, file: io.BytesIO, find_part: Callable[[str], Any]) -> None:
        super().__init__(file)
        self._referenced: dict[int, Any] = {}  # the parts and policies that were found, by id
        self._callable = {part: self._noted(find_part), aws_policy: self._noted(_aws_policy)}

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function by name."""
        for standin, replacement in self._callable.items():
            if (module, name) == (standin.__module__, standin.__qualname__):
                return replacement
        if (module, name) in _CONSTRUCTORS:
            return _CONSTRUCTORS[module, name]
        if f"{module}.".startswith(MODULES):
            try:
                found: Any = functools.reduce(getattr, name.split("."), import_module(module))
            except (ImportError, AttributeError) as error:
                raise SnapshotError(f"the snapshot names {module}.{name}, which this lab lacks") from error
            if isinstance(found, type) and f"{found.__module__}.".startswith(MODULES):
                return found
        raise SnapshotError(f"the snapshot names {module}.{name}, which is no part of a lab's model")

    def load_reduce(self) -> None:
        """Call a function or class with the arguments above it on the stack."""
        called = _stack(self)[-2]
        if not self._may_call(called):
            raise SnapshotError(f"the snapshot calls {called!r}, which is no part of a lab's model")
        _load_reduce(self)

    def load_newobj(self) -> None:
        """Make an object of the class below its arguments on the stack, without a call."""
        made = _stack(self)[-2]
        if not isinstance(made, type) or issubclass(made, type):
            raise SnapshotError(f"the snapshot makes an object of {made!r}, which is no class")
        _load_newobj(self)

    def load_build(self) -> None:
        """Set the state of the object below it on the stack."""
        made = _stack(self)[-2]
        if isinstance(made, type | types.FunctionType | types.MethodType) or id(made) in self._referenced:
            raise SnapshotError(f"the snapshot changes {made!r}, which it has not made")
        _load_build(self)

    def load_refused(self) -> None:
        """Refuse an operation that no snapshot needs."""
        raise SnapshotError("the snapshot has an operation that no lab writes")

    def _may_call(self, value: Any) -> bool:
        is_enum = isinstance(value, type) and issubclass(value, Enum)
        return is_enum or any(value is each for each in (*self._callable.values(), *_CONSTRUCTORS.values()))

    def _noted(self, find: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that notes what `find` finds."""

        def found(*arguments: Any) -> Any:
            value = find(*arguments)
            self._referenced[id(value)] = value
            return value

        return found

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        **pickle._Unpickler.dispatch,
        pickle.REDUCE[0]: load_reduce,
        pickle.NEWOBJ[0]: load_newobj,
        pickle.BUILD[0]: load_build,
        pickle.INST[0]: load_refused,
        pickle.OBJ[0]: load_refused,
        pickle.NEWOBJ_EX[0]: load_refused,
        pickle.PERSID[0]: load_refused,
        pickle.BINPERSID[0]: load_refused,
        pickle.EXT1[0]: load_refused,
        pickle.EXT2[0]: load_refused,
        pickle.EXT4[0]: load_refused,
    }


def _stack(reader: Any) -> list[Any]:
    stack: list[Any] = reader.stack
    return stack


def _aws_policy(iam: Any, arn: str, identity: str, attachments: int) -> Any:
    policy = iam.managed_policies[arn]
    policy.id, policy.attachment_count = identity, attachments
    return policy
