"""The parameters of a stack: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.errors import TemplateError
from vpcache.lab.aws.cloudformation.templates.template import Template

_STORED = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LISTS = ("CommaDelimitedList", "List<")


def given_parameters(
    template: Template, given: Mapping[str, str], previous: Mapping[str, str]
) -> dict[str, str]:
    """Return the text of each parameter: the given one, or the default.

    `given` has the parameters of a request; those that keep the value of a change before are in `previous`.
    Raises TemplateError for missing, unknown and invalid values.
    """
    unknown = sorted(given.keys() - template.parameters.keys())
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    missing = []
    for name, definition in template.parameters.items():
        if name in given or name in previous or "Default" in definition:
            values[name] = str(given.get(name, previous.get(name, _default(definition))))
            _check(name, values[name], definition)
        else:
            missing.append(name)
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    return values


def resolved_parameters(
    template: Template, values: Mapping[str, str], stored: Callable[[str], str]
) -> dict[str, Any]:
    """Return the value of each parameter in its type; `stored` returns a parameter of Systems Manager."""
    resolved: dict[str, Any] = {}
    for name, text in values.items():
        kind = str(template.parameters[name].get("Type", "String"))
        match = _STORED.fullmatch(kind)
        value, kind = (stored(text), match[1]) if match else (text, kind)
        resolved[name] = [each.strip() for each in value.split(",")] if kind.startswith(_LISTS) else value
    return resolved


def shown_parameters(template: Template, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as DescribeStacks shows them."""
    return [
        {"ParameterKey": name, "ParameterValue": "****" if _is_hidden(template.parameters[name]) else value}
        for name, value in values.items()
    ]


def declared_parameters(template: Template) -> list[dict[str, Any]]:
    """Return the parameters of a template as ValidateTemplate shows them."""
    return [
        {
            "ParameterKey": name,
            "NoEcho": _is_hidden(each),
            **({"DefaultValue": str(_default(each))} if "Default" in each else {}),
            **({"Description": each["Description"]} if "Description" in each else {}),
        }
        for name, each in template.parameters.items()
    ]


def _default(definition: Mapping[str, Any]) -> Any:
    default = definition.get("Default")
    return str(default).lower() if isinstance(default, bool) else default


def _is_hidden(definition: Mapping[str, Any]) -> bool:
    return str(definition.get("NoEcho", "")).lower() == "true"


def _check(name: str, value: str, definition: Mapping[str, Any]) -> None:
    """Raise TemplateError for a value that the parameter's definition does not allow."""
    explanation = definition.get("ConstraintDescription")
    allowed = [_default({"Default": each}) for each in definition.get("AllowedValues") or ()]
    parts = [each.strip() for each in value.split(",")] if definition.get("Type") in _LISTS else [value]
    if allowed and not set(parts) <= {str(each) for each in allowed}:
        shown = ", ".join(str(each) for each in allowed)
        raise TemplateError(explanation or f"Parameter '{name}' must be one of AllowedValues [{shown}]")
    pattern = definition.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        raise TemplateError(explanation or f"Parameter '{name}' must match pattern {pattern}")
    if definition.get("Type") == "Number":
        _check_number(name, value, definition, explanation)
    length = len(value)
    if not int(definition.get("MinLength", 0)) <= length <= int(definition.get("MaxLength", length)):
        raise TemplateError(explanation or f"Parameter '{name}' has a length that is not allowed: {length}")


def _check_number(name: str, value: str, definition: Mapping[str, Any], explanation: str | None) -> None:
    try:
        number = float(value)
    except ValueError:
        raise TemplateError(f"Parameter '{name}' must be a number.") from None
    if not float(definition.get("MinValue", number)) <= number <= float(definition.get("MaxValue", number)):
        raise TemplateError(explanation or f"Parameter '{name}' is outside its range: {value}")
