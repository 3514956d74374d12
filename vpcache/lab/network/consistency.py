"""Drift detection: reads the network that the kernel has and compares it with the applied one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from itertools import pairwise
from subprocess import PIPE, STDOUT
from typing import Any

from vpcache.lab.network.kernel import SYSCTLS, sysctl_exists
from vpcache.lab.network.netns import NAMED, Namespaces
from vpcache.lab.network.steps import IpEntry, Namespace, Network

_SCRATCH = "consistency"  # a namespace where rulesets are loaded, to list them in nft's own form
_SHOW = "address show\nroute show table all\nrule show\nlink show\n"
_OWN_RULES = (0, 32766, 32767)  # priorities of the kernel's own routing rules
_OWN_ADDRESSES = re.compile(r"127\.|::1$|fe80:.*ff:fe")  # the kernel derives fe80:...ff:fe... from the MAC
_READERS = 4  # namespaces that are read concurrently


def differences(namespaces: Namespaces, desired: Network) -> list[str]:
    """Return the drift between `desired` and the kernel, one line per difference.

    The network must not change during the call.
    """
    existing = {path.name for path in NAMED.iterdir()}
    devices: dict[str, set[str]] = {name: {"lo"} for name in desired.namespaces}
    for link in desired.links:
        devices[link.namespace].add(link.device)
        devices[link.peer_namespace].add(link.peer_device)
    rulesets = _loaded_rulesets(namespaces, {namespace.ruleset for namespace in desired.namespaces.values()})

    def compare(name: str) -> list[str]:
        namespace = desired.namespaces[name]
        observed = _Observed(namespaces, name, with_ipv6=_has_ipv6(namespace))
        return [
            *compared(f"devices of {name}", devices[name], observed.devices),
            *compared(f"ip entries of {name}", map(normalized, namespace.entries), observed.entries),
            *compared(f"nft ruleset of {name}", rulesets[namespace.ruleset], observed.rules),
            *compared(f"sysctls of {name}", namespace.sysctls, _sysctls(namespaces, name, namespace)),
        ]

    with ThreadPoolExecutor(_READERS) as readers:
        results = readers.map(compare, sorted(desired.namespaces.keys() & existing))
        return [
            *compared("namespaces", desired.namespaces, existing),
            *(line for lines in results for line in lines),
        ]


def compared(subject: str, desired: Iterable[object], observed: Iterable[object]) -> list[str]:
    """Return one line for each object that is missing, and one for each that is unexpected."""
    expected, existing = set(desired), set(observed)
    return [
        *(f"{subject}: {name} is missing" for name in sorted(map(str, expected - existing))),
        *(f"{subject}: {name} is unexpected" for name in sorted(map(str, existing - expected))),
    ]


def normalized(entry: IpEntry) -> str:
    """Return an entry in the form that `_Observed` gives to the kernel's entries."""
    words = entry.arguments.split()
    value = dict(pairwise(words))
    match entry.object:
        case "address":
            return _address(words[0], value["dev"])
        case "rule":
            return _rule(value["priority"], value.get("fwmark"), value["lookup"], is_ipv6=entry.version == 6)
        case _:
            kind, destination = (
                (words[0], words[1]) if words[0] in ("local", "blackhole") else ("unicast", words[0])
            )
            table = value.get("table", "local" if kind == "local" else "main")
            return _route(kind, destination, value.get("via"), value.get("dev"), value.get("src"), table)


def _address(address: str, device: str) -> str:
    return f"address {address} dev {device}"


def _rule(priority: str, mark: str | None, table: str, *, is_ipv6: bool) -> str:
    version = "ipv6 " if is_ipv6 else ""
    return f"{version}rule priority {priority} fwmark {int(mark, 0) if mark else 'any'} table {table}"


def _route(
    kind: str, destination: str, via: str | None, device: str | None, source: str | None, table: str
) -> str:
    if destination == "default":
        destination = "::/0" if via and ":" in via else "0.0.0.0/0"
    network = ip_network(destination)
    device = None if kind == "blackhole" else device  # the kernel names one for IPv6
    return f"route {kind} {network} via {via} dev {device} src {source} table {table}"


class _Observed:
    """The state of one namespace in the kernel, without the entries that the kernel adds itself."""

    def __init__(self, namespaces: Namespaces, name: str, *, with_ipv6: bool) -> None:
        ipv4 = _show(namespaces, name, 4)
        _, _, _, links = ipv4
        self.devices = {link["ifname"] for link in links if "UP" in link["flags"]}
        self.entries = set(_entries(*ipv4, is_ipv6=False))
        if with_ipv6:  # another process for each namespace would double the time of the check
            self.entries |= set(_entries(*_show(namespaces, name, 6), is_ipv6=True))
        self.rules = _rules(_output(namespaces, name, ["nft", "list", "ruleset"]))


def _has_ipv6(namespace: Namespace) -> bool:
    return any(":" in entry.arguments or entry.version == 6 for entry in namespace.entries)


def _show(namespaces: Namespaces, name: str, version: int) -> list[Any]:
    """Return addresses, routes, rules and links of a namespace, as `ip` lists them."""
    output = _output(namespaces, name, ["ip", f"-{version}", "-j", "-batch", "-"], _SHOW)
    return [json.loads(line) for line in output.splitlines() if line]


def _entries(addresses: Any, routes: Any, rules: Any, _links: Any, *, is_ipv6: bool) -> Iterator[str]:
    for device in addresses:
        for address in device.get("addr_info", ()):
            if not _OWN_ADDRESSES.match(address["local"]):
                yield _address(f"{address['local']}/{address['prefixlen']}", device["ifname"])
    for route in routes:
        if route.get("protocol") != "kernel":
            yield _route(
                route.get("type", "unicast"),
                route["dst"],
                route.get("gateway"),
                route.get("dev"),
                route.get("prefsrc"),
                route.get("table", "main"),
            )
    for rule in rules:
        if rule["priority"] not in _OWN_RULES:
            yield _rule(str(rule["priority"]), rule.get("fwmark"), rule["table"], is_ipv6=is_ipv6)


def _rules(ruleset: str) -> frozenset[str]:
    """Return the lines of a ruleset as nft lists it, each with the chain or set that it belongs to."""
    lines, block = set(), ""
    for line in map(str.strip, re.sub(r",\s+", ", ", ruleset).splitlines()):
        if line.endswith("{") and "=" not in line:
            block = line
        lines.add(f"{block} {_sorted_elements(line)}")
    return frozenset(lines)


def _sorted_elements(line: str) -> str:
    """Sort the elements of a set or map, which nft lists in no particular order."""
    head, separator, elements = line.partition("elements = {")
    return f"{head}{separator} {sorted(elements.strip(' }').split(', '))}" if separator else line


def _loaded_rulesets(namespaces: Namespaces, rulesets: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return each ruleset as nft lists it after loading it."""
    subprocess.run(["ip", "netns", "add", _SCRATCH], check=True)
    try:
        return {text: _loaded(namespaces, text) for text in rulesets}
    finally:
        subprocess.run(["ip", "netns", "del", _SCRATCH], check=True)


def _loaded(namespaces: Namespaces, ruleset: str) -> frozenset[str]:
    _output(namespaces, _SCRATCH, ["nft", "-f", "-"], f"flush ruleset\n{ruleset}")
    return _rules(_output(namespaces, _SCRATCH, ["nft", "list", "ruleset"]))


def _sysctls(namespaces: Namespaces, name: str, namespace: Namespace) -> Iterator[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        return [
            (path, (SYSCTLS / path).read_text().strip() if sysctl_exists(path) else value)
            for path, value in namespace.sysctls
        ]

    yield from namespaces.run(name, read)


def _output(namespaces: Namespaces, name: str, command: list[str], text: str = "") -> str:
    process = namespaces.popen(name, command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    output, _ = process.communicate(text.encode())
    return output.decode()
