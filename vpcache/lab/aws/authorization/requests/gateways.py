"""Targets of API Gateway's calls: an action is the method of the request, and a resource its path.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target

_METHODS = {"Create": "POST", "Delete": "DELETE", "Get": "GET", "Update": "PATCH"}
_TAG_METHODS = {"GetTags": "GET", "TagResource": "POST", "UntagResource": "DELETE"}
_IDS = {
    "AccessLogSettings": ("ApiId", "StageName"),
    "Api": ("ApiId",),
    "Cors": ("ApiId",),
    "Deployment": ("ApiId", "DeploymentId"),
    "Integration": ("ApiId", "IntegrationId"),
    "Route": ("ApiId", "RouteId"),
    "RouteSettings": ("ApiId", "StageName", "RouteKey"),
    "Stage": ("ApiId", "StageName"),
}
"""By resource type: the parameters in its path."""


def targets(call: ApiCall, _: Directory) -> Iterator[Target]:
    """Yield the target of a call. Operations that the lab does not emulate have no target."""
    if call.operation in _TAG_METHODS:
        action = f"apigateway:{_TAG_METHODS[call.operation]}"
        yield Target(action, call.arn("Tags", quote(call.text("ResourceArn"), safe="")), "Tags")
        return
    verb = next((each for each in _METHODS if call.operation.startswith(each)), "")
    noun = call.operation.removeprefix(verb).removesuffix("Configuration")
    single = noun if noun in _IDS else noun.removesuffix("s")
    if not verb or single not in _IDS:
        yield Target(call.action)
        return
    is_collection = verb == "Create" or single != noun
    kind = f"{single}s" if is_collection else single
    names = _IDS[single][:-1] if is_collection else _IDS[single]
    yield Target(f"apigateway:{_METHODS[verb]}", call.arn(kind, *map(call.text, names)), kind)
