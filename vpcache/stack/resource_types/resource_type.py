"""A kind of resource that a stack makes: how to find those of a stack, how to delete one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vpcache.stack.target import Target

STACK_TAG = "Stack"
REGION_TAG = "Region"

Say = Callable[[str], None]
"""Receives one line for the user."""

_WAITER_DELAY_SECONDS = 5


@dataclass(frozen=True)
class Search:
    """What to look for: the resources of a stack.

    A resource of a global service that bears no Region tag belongs to the stack only if it was created after
    `since`.
    """

    stack: str
    since: datetime | None = None


@dataclass(frozen=True)
class FoundResource:
    """A resource of a stack; `is_tagged` if it, or what it stands in, bears the stack's tag, else it only
    bears the stack's name.

    `created` is when it was created, None if the service does not report that. `owners` are the Terraform
    types and ids of the resources that it comes and goes with.
    """

    id: str
    is_tagged: bool
    created: datetime | None = None
    owners: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource: what Terraform calls it, how to find those of a stack, how to delete one.

    `terraform_types` are the types whose attribute `id` is the id that `find` reports. `delete` waits until
    the resource is gone, and reports long waits line by line.
    """

    name: str
    terraform_types: tuple[str, ...]
    find: Callable[[Target, Search], Iterator[FoundResource]]
    delete: Callable[[Target, str, Say], None]


def pages(client: Any, operation: str, items: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of one of boto3's describe or list operations."""
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**request).get(items, [])
        return
    for page in client.get_paginator(operation).paginate(**request):
        yield from page.get(items, [])


def pairs(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return tags as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def is_named_after(name: str, stack: str) -> bool:
    """Whether a resource's name is the stack's, or begins with it and a hyphen."""
    return name == stack or name.startswith(f"{stack}-")


def error_code(error: Exception) -> str:
    """Return the code of AWS's answer to a refused call or to a waiter's last one, empty if there is none."""
    response = getattr(error, "response", None) or getattr(error, "last_response", None) or {}
    return str((response.get("Error") or {}).get("Code", ""))


def is_gone(error: Exception) -> bool:
    """Whether AWS says that the resource does not exist; listings show a deleted one for some time."""
    code = error_code(error)
    return "NotFound" in code or code.startswith("NoSuchEntity")


def one_call(operation: str, parameter: str, *, is_list: bool = False) -> Callable[[Any, str, Say], None]:
    """Return a deletion by one call, whose parameter takes an id or a list of ids."""

    def delete(client: Any, id: str, _say: Say) -> None:
        answer = getattr(client, operation)(**{parameter: [id] if is_list else id})
        for refusal in answer.get("Unsuccessful", []):  # of EC2's operations on several resources
            from botocore.exceptions import ClientError

            raise ClientError({"Error": refusal["Error"]}, operation)

    return delete


def wait(client: Any, waiter: str, say: Say, text: str, *, minutes: int, **request: Any) -> None:
    """Wait for a state that one of botocore's waiters knows; `say` receives `text` and the time each minute.

    Raises WaiterError if the resource comes to another end, or does not come to this one in time.
    """
    from botocore.exceptions import WaiterError

    attempts = 60 // _WAITER_DELAY_SECONDS
    for minute in range(1, minutes + 1):
        try:
            client.get_waiter(waiter).wait(
                WaiterConfig={"Delay": _WAITER_DELAY_SECONDS, "MaxAttempts": attempts}, **request
            )
            return
        except WaiterError as error:
            timed_out = "Max attempts exceeded" in str(error)
            if minute == minutes or not timed_out:
                raise
        say(f"{text}: {minute} of at most {minutes} minutes")
