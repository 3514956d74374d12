"""HCL files, parsed by python-hcl2: their values, and their parts with lines. Only literals are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from vpcache.errors import VpcacheError

T = TypeVar("T")

Node = Any
"""A node of the parse tree, a lark.Tree: `data` is its rule, `children` are nodes and tokens."""


@dataclass(frozen=True)
class Entry:
    """An attribute of a body or an element of an object: its name, its line from 1 on, and its value."""

    name: str
    line: int | None
    value: Any


def parse_hcl(file: Path) -> Node:
    """Return the body of a file. Raises VpcacheError with the line if the file cannot be parsed."""
    return next(_trees(_parsed(file, _tree), "body"))


def hcl_values(file: Path) -> Mapping[str, Any]:
    """Return the attributes and blocks of a file as python-hcl2 serializes them.

    Raises VpcacheError with the line if the file cannot be parsed.
    """
    return _parsed(file, _values)


def _parsed(file: Path, parse: Callable[[str], T]) -> T:
    try:
        return parse(file.read_text())
    except Exception as error:  # the errors of lark and python-hcl2 have no common base class
        raise VpcacheError(_unparsable(file, error)) from error


@lru_cache(maxsize=64)
def _tree(text: str) -> Node:
    """Return the parse tree, which takes most of the time. A command reads each file several times."""
    import hcl2

    return hcl2.parses_to_tree(text)


@lru_cache(maxsize=64)
def _values(text: str) -> Mapping[str, Any]:
    import hcl2

    values: dict[str, Any] = hcl2.serialize(hcl2.transform(_tree(text)))
    return values


def _unparsable(file: Path, error: Exception) -> str:
    """Return the message for a file that python-hcl2 cannot parse, with the line if lark has it."""
    line = getattr(error, "line", -1)
    where = f"{file}:{line}" if isinstance(line, int) and line > 0 else str(file)
    return f"cannot parse {where}: {_unexpected(error)}"


def _unexpected(error: Exception) -> str:
    token = getattr(error, "token", None)
    if token is None:
        return str(error).splitlines()[0]
    if token.type == "$END":
        return "unexpected end of file"
    return f"unexpected '{token.strip()}'" if token.strip() else "unexpected end of line"


def attributes(body: Node) -> Iterator[Entry]:
    """Yield the attributes of a file's or a block's body."""
    for child in _trees(body, "attribute"):
        yield Entry(_text(child.children[0]), child.meta.line, child.children[-1])


def blocks(body: Node, kind: str) -> Iterator[tuple[str, Node]]:
    """Yield the first label and the body of each block of a kind."""
    for block in _trees(body, "block"):
        words = [_text(child) for child in block.children if _is(child, "identifier", "string")]
        if words[0] == kind and len(words) > 1:
            yield words[1], next(_trees(block, "body"))


def elements(expression: Any) -> list[Entry] | None:
    """Return the elements of an object, None for any other expression. Computed keys are omitted."""
    node = _inner(expression, "object")
    if node is None:
        return None
    found = []
    for child in _trees(node, "object_elem"):
        (written,) = child.children[0].children
        key = _inner(written, "identifier") or _inner(written, "string")
        if key is not None:
            found.append(Entry(_text(key), child.meta.line, child.children[-1]))
    return found


def items(expression: Any) -> list[Any] | None:
    """Return the expressions in a list, None for any other expression."""
    node = _inner(expression, "tuple")
    return None if node is None else list(_trees(node, "expr_term"))


def call(expression: Any) -> tuple[str, list[Any]] | None:
    """Return the name and the arguments of a function call, None for any other expression."""
    node = _inner(expression, "function_call")
    if node is None:
        return None
    arguments = next(_trees(node, "arguments"), None)
    values = [] if arguments is None else [each for each in arguments.children if hasattr(each, "data")]
    return _text(node.children[0]), values


def _inner(expression: Any, kind: str) -> Node | None:
    """Return the only content of an expression if it is of a kind."""
    if not _is(expression, "expr_term") or len(expression.children) != 1:
        return None
    (content,) = expression.children
    return content if _is(content, kind) else None


def _trees(parent: Node, kind: str) -> Iterator[Node]:
    return (child for child in parent.children if _is(child, kind))


def _is(node: Any, *kinds: str) -> bool:
    return getattr(node, "data", None) in kinds


def _text(node: Any) -> str:
    """Return the text of an identifier or a literal string."""
    return "".join(node.scan_values(lambda _: True)).strip().strip('"')
