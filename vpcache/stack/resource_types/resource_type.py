"""A resource type of a stack: how to find the resources of a stack, and how to delete one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vpcache.stack.target import Target

STACK_TAG = "Stack"
REGION_TAG = "Region"

Notify = Callable[[str], None]
"""A function that prints one line for the user."""

_WAITER_DELAY_SECONDS = 5


@dataclass(frozen=True)
class Search:
    """A search for the resources of a stack.

    A resource of a global service without a Region tag belongs to the stack only if it was created after
    `since`.
    """

    stack: str
    since: datetime | None = None


@dataclass(frozen=True)
class FoundResource:
    """A resource of a stack.

    It `is_tagged` if it, or its network, has the stack's tag. Otherwise it has only the stack's name.
    `created` is the creation time, None if the service does not report it. `owners` are the Terraform types
    and IDs of the resources that are created and deleted together with it.
    """

    id: str
    is_tagged: bool
    created: datetime | None = None
    owners: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class ResourceType:
    """A resource type: its names in Terraform, and functions to find and to delete resources.

    `terraform_types` are the types whose attribute `id` is the ID that `find` reports. `delete` waits until
    the resource is deleted, and reports long waits line by line.
    """

    name: str
    terraform_types: tuple[str, ...]
    find: Callable[[Target, Search], Iterator[FoundResource]]
    delete: Callable[[Target, str, Notify], None]


def pages(client: Any, operation: str, items: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a describe or list operation of boto3."""
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**request).get(items, [])
        return
    for page in client.get_paginator(operation).paginate(**request):
        yield from page.get(items, [])


def pairs(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return AWS tags as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def is_named_after(name: str, stack: str) -> bool:
    """Return whether a resource's name is the stack's name, optionally followed by a hyphen and more."""
    return name == stack or name.startswith(f"{stack}-")


def error_code(error: Exception) -> str:
    """Return the AWS error code of a failed call, or of the last call of a waiter; empty without a code."""
    response = getattr(error, "response", None) or getattr(error, "last_response", None) or {}
    return str((response.get("Error") or {}).get("Code", ""))


def is_gone(error: Exception) -> bool:
    """Return whether a resource does not exist any more. AWS lists deleted resources for a while."""
    code = error_code(error)
    return "NotFound" in code or code.startswith("NoSuchEntity")


def one_call(operation: str, parameter: str, *, is_list: bool = False) -> Callable[[Any, str, Notify], None]:
    """Return a function that deletes by one call, whose parameter is an ID or a list of IDs."""

    def delete(client: Any, id: str, _notify: Notify) -> None:
        answer = getattr(client, operation)(**{parameter: [id] if is_list else id})
        for failure in answer.get("Unsuccessful", []):  # EC2 operations on several resources return errors
            from botocore.exceptions import ClientError

            raise ClientError({"Error": failure["Error"]}, operation)

    return delete


def wait(client: Any, waiter: str, notify: Notify, text: str, *, minutes: int, **request: Any) -> None:
    """Wait with a waiter of botocore. `notify` receives `text` and the elapsed time each minute.

    Raises WaiterError if the resource enters a failure state, or after the timeout of `minutes`.
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
            is_timeout = "Max attempts exceeded" in str(error)
            if minute == minutes or not is_timeout:
                raise
        notify(f"{text}: {minute} of at most {minutes} minutes")
