"""Text in the language of nft: tables, sets, maps and chains."""

from __future__ import annotations

from collections.abc import Iterable


def table(*parts: str) -> str:
    """Return the table with all rules of a namespace."""
    return f"table inet lab {{\n{''.join(parts)}}}\n"


def nft_set(name: str, kind: str, elements: Iterable[object]) -> str:
    """Return a named set; `kind` is the nft type of its elements."""
    return _named("set", name, kind, [str(element) for element in elements])


def nft_map(name: str, kind: str, pairs: Iterable[tuple[object, object]]) -> str:
    """Return a named map; `kind` is the nft types of its keys and values, such as "ifname : verdict"."""
    return _named("map", name, kind, [f"{key} : {value}" for key, value in pairs])


def _named(object_: str, name: str, kind: str, elements: list[str]) -> str:
    contents = (
        f" elements = {{ {', '.join(sorted(elements))} }};" if elements else ""
    )  # nft rejects an empty list
    return f"{object_} {name} {{ type {kind};{contents} }}\n"


def chain(name: str, base: str | None, rules: Iterable[str] = ()) -> str:
    """Return a chain; `base` is the type, hook, priority and policy of a base chain."""
    lines = [f"chain {name} {{", *([f"type {base};"] if base else []), *rules, "}"]
    return "".join(f"{line}\n" for line in lines)


def log(prefix: str, group: int, size: int) -> str:
    """Return a rule that passes the first `size` bytes of packets to the readers of an NFLOG group."""
    return f'log prefix "{prefix}" group {group} snaplen {size}'
