"""The language of nft, as far as the lab speaks it."""

from __future__ import annotations

from collections.abc import Iterable


def table(*parts: str) -> str:
    """Return the one table that holds all of a namespace's rules."""
    return f"table inet lab {{\n{''.join(parts)}}}\n"


def nft_set(name: str, kind: str, elements: Iterable[object]) -> str:
    """Return a named set of `kind`, nft's word for the type of its elements."""
    return _named("set", name, kind, [str(element) for element in elements])


def nft_map(name: str, kind: str, pairs: Iterable[tuple[object, object]]) -> str:
    """Return a named map of `kind`, such as "ifname : verdict"."""
    return _named("map", name, kind, [f"{key} : {value}" for key, value in pairs])


def _named(what: str, name: str, kind: str, elements: list[str]) -> str:
    contents = (
        f" elements = {{ {', '.join(sorted(elements))} }};" if elements else ""
    )  # nft refuses an empty list
    return f"{what} {name} {{ type {kind};{contents} }}\n"


def chain(name: str, base: str | None, rules: Iterable[str] = ()) -> str:
    """Return a chain; `base` is hook, priority and policy of one that packets enter by themselves."""
    lines = [f"chain {name} {{", *([f"type {base};"] if base else []), *rules, "}"]
    return "".join(f"{line}\n" for line in lines)
