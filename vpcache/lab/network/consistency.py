"""Whether the kernel has the network that was laid: what stands there is read and compared, line by line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

from vpcache.lab.network.netns import NAMED, Namespaces
from vpcache.lab.network.steps import Line, Namespace, Network

_SCRATCH = "consistency"  # a namespace where rulesets are loaded to see how nft tells them
_SHOW = "address show\nroute show table all\nrule show\nlink show\n"
_OWN_RULES = (0, 32766, 32767)  # priorities of the kernel's own routing rules
_READERS = 4  # namespaces that are read at once


def differences(namespaces: Namespaces, wanted: Network) -> list[str]:
    """Return in what the kernel differs from `wanted`, one line each; nothing if it does not.

    Nothing may change the network meanwhile.
    """
    existing = {path.name for path in NAMED.iterdir()}
    devices: dict[str, set[str]] = {name: {"lo"} for name in wanted.namespaces}
    for link in wanted.links:
        devices[link.namespace].add(link.device)
        devices[link.peer_namespace].add(link.peer_device)
    rulesets = _as_told(namespaces, {each.ruleset for each in wanted.namespaces.values()})

    def compare(name: str) -> list[str]:
        namespace = wanted.namespaces[name]
        observed = _Observed.of(namespaces, name)
        return [
            *compared(f"devices of {name}", devices[name], observed.devices),
            *compared(f"lines of {name}", map(entry, namespace.lines), observed.entries),
            *compared(f"nft ruleset of {name}", rulesets[namespace.ruleset], observed.rules),
            *compared(f"sysctls of {name}", namespace.sysctls, _sysctls(namespaces, name, namespace)),
        ]

    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(compare, sorted(wanted.namespaces.keys() & existing))
        return [
            *compared("namespaces", wanted.namespaces, existing),
            *(line for each in found for line in each),
        ]


def compared(what: str, wanted: Iterable[object], existing: Iterable[object]) -> list[str]:
    """Return a line for each thing that is missing and one for each that should not be there."""
    ours, theirs = set(wanted), set(existing)
    return [
        *(f"{what}: {each} is missing" for each in sorted(map(str, ours - theirs))),
        *(f"{what}: {each} should not be there" for each in sorted(map(str, theirs - ours))),
    ]


def entry(line: Line) -> str:
    """Return a line in the form in which what the kernel tells is put as well."""
    words = line.arguments.split()
    value = dict(pairwise(words))
    match line.object:
        case "address":
            return _address(words[0], value["dev"])
        case "rule":
            return _rule(value["priority"], value.get("fwmark"), value["lookup"])
        case _:
            kind, destination = (
                (words[0], words[1]) if words[0] in ("local", "blackhole") else ("unicast", words[0])
            )
            table = value.get("table", "local" if kind == "local" else "main")
            return _route(kind, destination, value.get("via"), value.get("dev"), value.get("src"), table)


def _address(address: str, device: str) -> str:
    return f"address {address} dev {device}"


def _rule(priority: str, mark: str | None, table: str) -> str:
    return f"rule priority {priority} fwmark {int(mark, 0) if mark else 'any'} table {table}"


def _route(
    kind: str, destination: str, via: str | None, device: str | None, source: str | None, table: str
) -> str:
    network = IPv4Network("0.0.0.0/0" if destination == "default" else destination)
    return f"route {kind} {network} via {via} dev {device} src {source} table {table}"


class _Observed:
    """What the kernel tells of one namespace, but for what is its own."""

    def __init__(self, addresses: Any, routes: Any, rules: Any, links: Any, ruleset: str) -> None:
        self.devices = {each["ifname"] for each in links if "UP" in each["flags"]}
        self.entries = {
            *(
                _address(f"{each['local']}/{each['prefixlen']}", device["ifname"])
                for device in addresses
                for each in device.get("addr_info", ())
                if not each["local"].startswith("127.")
            ),
            *(
                _route(
                    each.get("type", "unicast"),
                    each["dst"],
                    each.get("gateway"),
                    each.get("dev"),
                    each.get("prefsrc"),
                    each.get("table", "main"),
                )
                for each in routes
                if each.get("protocol") != "kernel"
            ),
            *(
                _rule(str(each["priority"]), each.get("fwmark"), each["table"])
                for each in rules
                if each["priority"] not in _OWN_RULES
            ),
        }
        self.rules = _rules(ruleset)

    @classmethod
    def of(cls, namespaces: Namespaces, name: str) -> _Observed:
        said = _said(namespaces, name, ["ip", "-4", "-j", "-batch", "-"], _SHOW)
        addresses, routes, rules, links = (json.loads(line) for line in said.splitlines() if line)
        return cls(addresses, routes, rules, links, _said(namespaces, name, ["nft", "list", "ruleset"]))


def _rules(ruleset: str) -> frozenset[str]:
    """Return the lines of a ruleset as nft tells it, each with the chain or set that it belongs to."""
    lines, place = set(), ""
    for line in map(str.strip, re.sub(r",\s+", ", ", ruleset).splitlines()):
        if line.endswith("{") and "=" not in line:
            place = line
        lines.add(f"{place} {_sorted_elements(line)}")
    return frozenset(lines)


def _sorted_elements(line: str) -> str:
    """Put the elements of a set or map in order: a hash has none of its own."""
    head, found, elements = line.partition("elements = {")
    return f"{head}{found} {sorted(elements.strip(' }').split(', '))}" if found else line


def _as_told(namespaces: Namespaces, rulesets: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return each ruleset as nft tells it after loading it."""
    subprocess.run(["ip", "netns", "add", _SCRATCH], check=True)
    try:
        return {text: _loaded(namespaces, text) for text in rulesets}
    finally:
        subprocess.run(["ip", "netns", "del", _SCRATCH], check=True)


def _loaded(namespaces: Namespaces, ruleset: str) -> frozenset[str]:
    _said(namespaces, _SCRATCH, ["nft", "-f", "-"], f"flush ruleset\n{ruleset}")
    return _rules(_said(namespaces, _SCRATCH, ["nft", "list", "ruleset"]))


def _sysctls(namespaces: Namespaces, name: str, wanted: Namespace) -> Iterator[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        return [(path, (Path("/proc/sys") / path).read_text().strip()) for path, _ in wanted.sysctls]

    yield from namespaces.run(name, read)


def _said(namespaces: Namespaces, name: str, command: list[str], text: str = "") -> str:
    process = namespaces.popen(name, command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    said, _ = process.communicate(text.encode())
    return said.decode()
