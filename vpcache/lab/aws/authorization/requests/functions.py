"""Targets of Lambda's calls.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, Values, tags_in
from vpcache.lab.aws.authorization.requests.reference import resource_types
from vpcache.lab.aws.authorization.requests.roles import passed_role

_INVOCATIONS = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})
_SERVICE = "lambda.amazonaws.com"
_LISTS = {
    "VpcIds": "lambda:vpcids",
    "SubnetIds": "lambda:subnetids",
    "SecurityGroupIds": "lambda:securitygroupids",
}


def action_of(operation: str) -> str:
    """Return the action of an operation."""
    if operation in _INVOCATIONS:
        return "lambda:InvokeFunction"
    return f"lambda:{operation.removesuffix('ByArn')}"


def targets(call: ApiCall, _: Directory) -> Iterator[Target]:
    """Yield the targets of a call."""
    action = action_of(call.operation)
    keys = _keys(call)
    types = resource_types(action)
    mapping, name = call.text("UUID"), call.text("FunctionName")
    resource = call.text("Resource")
    if resource:
        yield Target(action, resource, "function" if ":function:" in resource else "", keys)
    elif mapping:
        yield Target(action, call.arn("eventSourceMapping", mapping), "eventSourceMapping", keys)
    elif name and "function" in types:
        qualifier = call.text("Qualifier") if call.operation in _INVOCATIONS else ""
        yield Target(action, function_arn(call, name, qualifier), "function", keys)
    elif call.operation == "GetLayerVersionByArn":
        yield Target(action, call.text("Arn"), "layerVersion")
    elif layer := call.text("LayerName"):
        version = call.text("VersionNumber")
        kind = "layerVersion" if version else "layer"
        arn = layer if ":" in layer else call.arn("layer", layer)
        yield Target(action, ":".join(filter(None, (arn, version))), kind)
    elif any(types.values()):
        kind = next(each for each, is_required in types.items() if is_required)
        yield Target(action, call.arn(kind), kind, keys)
    else:
        yield Target(action, keys=keys)
    for each in call.parameters.get("Layers") or ():
        yield Target("lambda:GetLayerVersion", str(each), "layerVersion")
    yield from passed_role(call, call.text("Role"), _SERVICE)
    if call.operation == "CreateFunction" and tags_in(call.parameters):
        yield Target("lambda:TagResource", function_arn(call, name), "function")


def function_arn(call: ApiCall, name: str, qualifier: str = "") -> str:
    """Return the ARN of a function by its name, partial ARN or ARN."""
    if name.startswith("arn:"):
        parts = name.split(":")
        base, own = ":".join(parts[:7]), ":".join(parts[7:])
    else:
        base, _, own = name.rpartition("function:")[2].partition(":")
        base = call.arn("function", base)
    qualifier = qualifier or own
    return f"{base}:{qualifier}" if qualifier else base


def _keys(call: ApiCall) -> Mapping[str, Values]:
    keys: dict[str, Values] = {}
    config = call.parameters.get("VpcConfig") or {}
    for name, key in _LISTS.items():
        if values := tuple(str(each) for each in config.get(name) or ()):
            keys[key] = values
    if layers := tuple(str(each) for each in call.parameters.get("Layers") or ()):
        keys["lambda:layer"] = layers
    if principal := call.text("Principal"):
        keys["lambda:principal"] = (principal,)
    if auth_type := call.text("FunctionUrlAuthType", "AuthType"):
        keys["lambda:functionurlauthtype"] = (auth_type,)
    if call.operation.endswith("EventSourceMapping") and (name := call.text("FunctionName")):
        keys["lambda:functionarn"] = (function_arn(call, name),)
    return keys
