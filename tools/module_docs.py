"""The reference tables in the modules' READMEs, from the modules' HCL, in the layout of terraform-docs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

from vpcache.errors import VpcacheError

_BEGIN, _END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"
_REGISTRY = "https://registry.terraform.io/providers"
_HEREDOC = re.compile(r'"?<<-?(\w+)\n(.*?)\n\s*\1"?', re.DOTALL)

_Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Input:
    """A variable: its type and default as HCL on one line; `default` is None if the variable is required."""

    name: str
    description: str
    type: str
    default: str | None


@dataclass(frozen=True)
class Output:
    """An output."""

    name: str
    description: str


@dataclass(frozen=True)
class Provider:
    """A required provider: its local name, its source address and its version constraint."""

    name: str
    source: str
    version: str


@dataclass(frozen=True, order=True)
class Resource:
    """A managed resource or a data source."""

    type: str
    name: str
    is_data: bool


@dataclass(frozen=True)
class Module:
    """What callers of a Terraform module need to know of it."""

    terraform_version: str
    providers: Sequence[Provider]
    resources: Sequence[Resource]
    inputs: Sequence[Input]
    outputs: Sequence[Output]


def read_module(folder: Path) -> Module:
    """Read a module's `.tf` files.

    Raises VpcacheError if a file cannot be parsed, or if a variable or an output has no description.
    """
    documents = [_parse(file) for file in sorted(folder.glob("*.tf"))]
    settings = [block for document in documents for block in document.get("terraform", [])]
    providers = [
        Provider(name, _text(provider["source"]), _text(provider["version"]))
        for block in settings
        for required in block.get("required_providers", [])
        for name, provider in _items(required)
    ]
    versions = [_text(block["required_version"]) for block in settings if "required_version" in block]
    return Module(
        terraform_version=", ".join(versions) or "n/a",
        providers=sorted(providers, key=lambda provider: provider.name),
        resources=sorted(_resources(documents)),
        inputs=[
            Input(name, _description("variable", name, block), _type(block), _default(block))
            for name, block in sorted(_labelled(documents, "variable"))
        ],
        outputs=[
            Output(name, _description("output", name, block))
            for name, block in sorted(_labelled(documents, "output"))
        ],
    )


def tables(module: Module) -> str:
    """Return the reference of a module as Markdown, between the markers of terraform-docs."""
    provider_rows = [(provider.name, provider.version) for provider in module.providers]
    return "\n".join(
        [
            _BEGIN,
            *_table(
                "Requirements", ("Name", "Version"), [("terraform", module.terraform_version), *provider_rows]
            ),
            *_table("Providers", ("Name", "Version"), provider_rows),
            *_table(
                "Resources",
                ("Name", "Type"),
                [(_link(resource, module.providers), _kind(resource)) for resource in module.resources],
            ),
            *_table(
                "Inputs",
                ("Name", "Description", "Type", "Default", "Required"),
                [
                    (
                        item.name,
                        item.description,
                        _code(item.type),
                        "n/a" if item.default is None else _code(item.default),
                        "yes" if item.default is None else "no",
                    )
                    for item in module.inputs
                ],
            ),
            *_table(
                "Outputs",
                ("Name", "Description"),
                [(output.name, output.description) for output in module.outputs],
            ),
            _END,
        ]
    )


def with_tables(readme: str, folder: Path) -> str:
    """Return a module's README with its reference generated again.

    Raises VpcacheError if the README lacks the markers.
    """
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise VpcacheError(f"{folder / 'README.md'} has no reference: add the lines {_BEGIN} and {_END}")
    return before + tables(read_module(folder)) + after


def _parse(file: Path) -> _Attributes:
    try:
        document = _parsed(file.read_text())
    except Exception as error:  # the parser's own errors have no common base
        reason = str(error).partition("\n")[0]
        raise VpcacheError(f"cannot parse {file}: {reason}") from error
    return document


@cache
def _parsed(text: str) -> _Attributes:
    document: dict[str, Any] = hcl2.loads(text)
    return document


def _labelled(documents: Iterable[_Attributes], kind: str) -> Iterator[tuple[str, _Attributes]]:
    """Yield the label and the attributes of each block of a kind with one label."""
    for document in documents:
        for block in document.get(kind, []):
            for label, attributes in _items(block):
                yield _text(label), attributes


def _resources(documents: Sequence[_Attributes]) -> Iterator[Resource]:
    for kind in ("resource", "data"):
        for type_, named in _labelled(documents, kind):
            for name, _ in _items(named):
                yield Resource(type_, _text(name), is_data=kind == "data")


def _items(block: _Attributes) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a block without those that the parser adds."""
    for name, value in block.items():
        if not name.startswith("__"):
            yield name, value


def _description(kind: str, name: str, block: _Attributes) -> str:
    description = _text(block.get("description", ""))
    if not description:
        raise VpcacheError(f"{kind} {name} has no description: add one sentence")
    return description


def _type(block: _Attributes) -> str:
    return _expression(block.get("type", "any"))


def _default(block: _Attributes) -> str | None:
    return _expression(block["default"]) if "default" in block else None


def _expression(value: Any) -> str:
    """Return a parsed value as HCL on one line."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return json.dumps(value)
        case list():
            return f"[{', '.join(map(_expression, value))}]"
        case dict():
            inner = ", ".join(f"{key} = {_expression(item)}" for key, item in _items(value))
            return f"{{ {inner} }}" if inner else "{}"
    return str(value).removeprefix("${").removesuffix("}") if str(value).startswith("${") else str(value)


def _text(value: str) -> str:
    """Return a parsed string without its quotes, on one line."""
    if heredoc := _HEREDOC.fullmatch(value):
        return " ".join(heredoc[2].split())
    return str(json.loads(value)) if value.startswith('"') else value


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a section with a table, or terraform-docs' sentence for an empty one."""
    yield f"## {title}"
    yield ""
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    if lines:
        yield f"| {' | '.join(head)} |"
        yield f"|{'|'.join('-' * (len(cell) + 2) for cell in head)}|"
        yield from (f"| {line} |" for line in lines)
    else:
        yield f"No {title.lower()}."
    yield ""


def _kind(resource: Resource) -> str:
    return "data source" if resource.is_data else "resource"


def _link(resource: Resource, providers: Iterable[Provider]) -> str:
    """Return the address, with a link to the provider's documentation if the provider is a required one."""
    prefix, _, page = resource.type.partition("_")
    address = f"{resource.type}.{resource.name}"
    for provider in providers:
        if provider.name == prefix:
            section = "data-sources" if resource.is_data else "resources"
            return f"[{address}]({_REGISTRY}/{provider.source}/latest/docs/{section}/{page})"
    return address


def _code(expression: str) -> str:
    """Return HCL as code; an object with an attribute a line, as terraform-docs shows it."""
    if "object({" not in expression:
        return f"`{expression}`"
    return f"<pre>{'<br>'.join(_lines(expression))}</pre>"


def _lines(expression: str) -> list[str]:
    """Break an expression after the braces and commas of its outermost object."""
    begin, depth = expression.index("object({") + len("object({"), 0
    end, parts = expression.rindex("})"), [""]
    for character in expression[begin:end]:
        depth += (character in "({[") - (character in ")}]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [expression[:begin], *(f"  {part.strip()}" for part in parts), expression[end:]]
