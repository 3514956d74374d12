"""HTTP APIs: several can have one name, so they are found by tag, and by name without a tag."""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.stack.resource_types.resource_type import (
    STACK_TAG,
    FoundResource,
    ResourceType,
    Search,
    is_named_after,
    one_call,
    pages,
)
from vpcache.stack.target import Target

_SERVICE = "apigatewayv2"
_DELETE = one_call("delete_api", "ApiId")


def _find(target: Target, search: Search) -> Iterator[FoundResource]:
    for api in pages(target.client(_SERVICE), "get_apis", "Items"):
        stack = api.get("Tags", {}).get(STACK_TAG)
        if stack == search.stack or (stack is None and is_named_after(api["Name"], search.stack)):
            yield FoundResource(api["ApiId"], is_tagged=stack is not None, created=api.get("CreatedDate"))


HTTP_API = ResourceType(
    "HTTP API",
    ("aws_apigatewayv2_api",),
    _find,
    lambda target, id, notify: _DELETE(target.client(_SERVICE), id, notify),
)
