"""The resource type of ElastiCache's serverless caches, which botocore has no waiters for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.resource_types.cache import security_group_owner, tags_of
from vpcache.stack.resource_types.resource_type import (
    STACK_TAG,
    FoundResource,
    Notify,
    ResourceType,
    Search,
    error_code,
    is_gone,
    is_named_after,
    pages,
)
from vpcache.stack.target import Target

_POLL_SECONDS = 5.0
_MAX_SECONDS = 20 * 60.0
_BUSY = ("creating", "modifying")


def _find(target: Target, search: Search) -> Iterator[FoundResource]:
    client = target.client("elasticache")
    for cache in pages(client, "describe_serverless_caches", "ServerlessCaches"):
        name = cache["ServerlessCacheName"]
        if not is_named_after(name, search.stack):
            continue
        owner = _owner(target, client, cache)
        if owner in (search.stack, None):
            yield FoundResource(name, is_tagged=owner == search.stack, created=cache.get("CreateTime"))


def _owner(target: Target, client: Any, cache: dict[str, Any]) -> str | None:
    """Return the stack in the tag of a cache or, while that cannot be read, of its security groups."""
    from botocore.exceptions import ClientError

    try:
        return tags_of(client, cache["ARN"]).get(STACK_TAG)
    except ClientError as error:
        if not is_gone(error) and error_code(error) != "InvalidServerlessCacheStateFault":
            raise
        return security_group_owner(target, cache.get("SecurityGroupIds") or [])


def _delete(target: Target, name: str, notify: Notify) -> None:
    client = target.client("elasticache")
    status = _status(client, name)
    if status in _BUSY:
        text = f"serverless cache {name} is {status} and cannot be deleted before it is available"
        status = _wait(client, name, notify, text, while_=_BUSY)
    if status not in ("", "deleting"):
        client.delete_serverless_cache(ServerlessCacheName=name)
    if status:
        _wait(client, name, notify, f"serverless cache {name} is being deleted", while_=("deleting",))


def _status(client: Any, name: str) -> str:
    """Return the status of a cache in lower case, "" if it does not exist."""
    from botocore.exceptions import ClientError

    try:
        (cache,) = client.describe_serverless_caches(ServerlessCacheName=name)["ServerlessCaches"]
    except ClientError as error:
        if is_gone(error):
            return ""
        raise
    return str(cache["Status"]).lower()


def _wait(client: Any, name: str, notify: Notify, text: str, *, while_: tuple[str, ...]) -> str:
    """Wait while a cache has one of some statuses, and return the next one.

    `notify` receives `text` each minute. Raises VpcacheError after 20 minutes.
    """
    started, minutes = time.monotonic(), 0
    while (status := _status(client, name)) in while_:
        seconds = time.monotonic() - started
        if seconds > _MAX_SECONDS:
            raise VpcacheError(f"serverless cache {name} is still {status}: check its events, then try again")
        if int(seconds // 60) > minutes:
            minutes = int(seconds // 60)
            notify(f"{text}: {minutes} of at most {_MAX_SECONDS / 60:.0f} minutes")
        time.sleep(_POLL_SECONDS)
    return status


SERVERLESS_CACHE = ResourceType("serverless cache", ("aws_elasticache_serverless_cache",), _find, _delete)
