"""Refuses parameters that an operation does not honour, instead of dropping them in silence.

A declaration is beside the code that honours the parameters. Operations without one are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.call import Call
from vpcache.lab.aws.gateway.request_parameters import EMPTY, leaves, operation_of, parameters_of

Declarations = Mapping[str, Collection[str]]
"""By operation: the parameters that it honours.

A parameter is a path without list indexes, such as "IpPermissions.IpRanges", and includes what is below it.
"IpAddressType=ipv4" honours one value only.
"""
_ALWAYS: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"Bucket", "ExpectedBucketOwner", "Key", "RequestPayer"}),
}
"""By service: parameters that each operation honours."""
_SELECTOR = "AttributeName"  # its value is the name of what the request sets
_GATEWAY = frozenset({"DryRun"})  # the gateway itself honours it


def unhonoured(call: Call, environ: WSGIEnvironment, declarations: Declarations) -> str | None:
    """Return why a request is not emulated, None if all of it is, or if its service declares nothing."""
    if not declarations:
        return None
    operation = operation_of(call, environ)
    if operation not in declarations:
        is_preflight = operation.startswith("OPTIONS ")  # of a browser
        return None if is_preflight else f"{operation} of {call.service} is not emulated by the lab."
    parameter = unhonoured_parameter(call, declarations, operation, environ)
    return f"The parameter {parameter} of {operation} is not emulated by the lab." if parameter else None


def unhonoured_parameter(
    call: Call, declarations: Declarations, operation: str = "", environ: WSGIEnvironment | None = None
) -> str | None:
    """Return the first parameter of a request that its operation does not honour, None if all are."""
    name = operation or call.action
    honoured = declarations.get(name)
    if honoured is None:
        return None
    known = {*honoured, *_ALWAYS.get(call.service, _GATEWAY)}
    for path, value in leaves(parameters_of(call, name, environ)):
        parents = [path.rsplit(".", depth)[0] for depth in range(path.count(".") + 1)]
        is_known = known & {*parents, f"{path}={value}", f"{path}={value.lower()}"}
        if value and not is_known and not (value == EMPTY and _has_below(path, known)):
            return f"{path}={value}" if path == _SELECTOR else path
    return None


def _has_below(path: str, known: Collection[str]) -> bool:
    """Return whether a parameter below an empty structure is honoured."""
    return any(each.startswith(f"{path}.") for each in known)
