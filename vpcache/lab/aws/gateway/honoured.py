"""Refuses parameters that an operation does not honour, instead of dropping them in silence. Pure.

A declaration is beside the code that honours the parameters. Operations without one are not checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vpcache.lab.aws.gateway.call import Call
from vpcache.lab.aws.gateway.validation import form_parameters

Declarations = Mapping[str, Collection[str]]
"""By operation: the parameters that it honours.

A parameter is a path without list indexes, such as "IpPermissions.IpRanges", and includes what is below it.
"IpAddressType=ipv4" honours one value only.
"""
_ALWAYS = frozenset({"DryRun"})  # the gateway itself honours it


def unhonoured_parameter(call: Call, declarations: Declarations) -> str | None:
    """Return the first parameter of a request that its operation does not honour, None if all are."""
    honoured = declarations.get(call.action)
    if honoured is None:
        return None
    for path, value in _leaves(form_parameters(call)):
        parents = [path.rsplit(".", depth)[0] for depth in range(path.count(".") + 1)]
        accepted = {*parents, f"{path}={value}", f"{path}={value.lower()}"}
        if value and not accepted & {*honoured, *_ALWAYS}:
            return path
    return None


def _leaves(parameters: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each scalar."""
    if isinstance(parameters, Mapping):
        for name, value in parameters.items():
            yield from _leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from _leaves(value, path)
    else:
        yield path, str(parameters)
