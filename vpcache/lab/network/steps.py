"""Networks as data, and the steps that change one network into another. Pure.

The kernel dictates the order of the steps in `changes`:

    1. delete entries of namespaces that remain       a deleted link takes its entries along, so entries first
    2. delete links                                   a namespace lives as long as a process in it, so links
                                                      are deleted by name
    3. delete namespaces
    4. add namespaces
    5. set sysctls, except net/netfilter              a new device copies `net/ipv4/conf/default`
    6. add links, still down
    7. load rulesets                                  no packet may pass before the rules exist
    8. set sysctls of net/netfilter                   they exist once a rule tracks connections
    9. set links up
   10. add entries                                    addresses and routes need devices that are up
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IpEntry:
    """An address, route or rule: `ip <object> add <arguments>` adds it, `ip <object> del` deletes it.

    `version` is that of `ip -4` or `ip -6`. Addresses and routes need none, as their arguments show it.
    """

    object: str
    arguments: str
    version: int = 4


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: its entries in an order in which they can be added, its sysctls by path, and
    its nft ruleset."""

    entries: tuple[IpEntry, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    ruleset: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair between two namespaces."""

    namespace: str
    device: str
    peer_namespace: str
    peer_device: str


@dataclass(frozen=True, slots=True)
class Network:
    """Namespaces by name, and the links between them."""

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class IpBatch:
    """Commands for one `ip -batch` in `namespace`, or in the lab's own namespace if None.

    `version` is that of rules.
    """

    namespace: str | None
    commands: tuple[str, ...]
    version: int = 4


@dataclass(frozen=True, slots=True)
class Sysctls:
    """Values to write under /proc/sys inside `namespace`."""

    namespace: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Text for one `nft -f -` in `namespace`, which replaces all rules there in one transaction."""

    namespace: str
    text: str


Step = IpBatch | Sysctls | Ruleset
_Sysctl = tuple[str, str]  # path and value


def changes(old: Network, new: Network) -> tuple[Step, ...]:
    """Return the steps that change `old` into `new`, none if they are equal."""
    added_links = _without(new.links, old.links)
    added_namespaces = _without(new.namespaces, old.namespaces)
    return (
        *_delete_entries(old, new),
        *_batches(
            _Command(link.namespace, f"link del {link.device}") for link in _without(old.links, new.links)
        ),
        *_netns("del", _without(old.namespaces, new.namespaces)),
        *_netns("add", added_namespaces),
        *_set_sysctls(old, new, lambda sysctl: not _is_of_netfilter(sysctl)),
        *([IpBatch(None, tuple(map(_add_link, added_links)))] if added_links else []),
        *_load_rulesets(old, new),
        *_set_sysctls(old, new, _is_of_netfilter),
        *_batches((*_set_up(added_namespaces, added_links), *_add_entries(old, new))),
    )


def _delete_entries(old: Network, new: Network) -> Iterable[Step]:
    return _batches(
        _Command(name, f"{entry.object} del {entry.arguments}", entry.version)
        for name in old.namespaces
        if name in new.namespaces
        for entry in reversed(_without(old.namespaces[name].entries, new.namespaces[name].entries))
    )


def _netns(verb: str, names: Iterable[str]) -> Iterable[Step]:
    if commands := tuple(f"netns {verb} {name}" for name in names):
        yield IpBatch(None, commands)


def _set_sysctls(old: Network, new: Network, condition: Callable[[_Sysctl], bool]) -> Iterable[Step]:
    for name, before, after in _pairs(old, new):
        values = tuple(filter(condition, _without(after.sysctls, before.sysctls)))
        if values:
            yield Sysctls(name, values)


def _is_of_netfilter(sysctl: _Sysctl) -> bool:
    """Return whether a sysctl exists only after a rule has made the kernel track connections."""
    return sysctl[0].startswith("net/netfilter/")


def _add_link(link: Link) -> str:
    return (
        f"link add {link.device} netns {link.namespace} type veth "
        f"peer name {link.peer_device} netns {link.peer_namespace}"
    )


def _load_rulesets(old: Network, new: Network) -> Iterable[Step]:
    for name, before, after in _pairs(old, new):
        if after.ruleset != before.ruleset:
            yield Ruleset(name, f"flush ruleset\n{after.ruleset}")


def _set_up(namespaces: Iterable[str], links: Iterable[Link]) -> Iterable[_Command]:
    yield from (_Command(name, "link set lo up") for name in namespaces)
    for link in links:
        yield _Command(link.namespace, f"link set {link.device} up")
        yield _Command(link.peer_namespace, f"link set {link.peer_device} up")


def _add_entries(old: Network, new: Network) -> Iterable[_Command]:
    for name, before, after in _pairs(old, new):
        for entry in _without(after.entries, before.entries):
            yield _Command(name, f"{entry.object} add {entry.arguments}", entry.version)


def _pairs(old: Network, new: Network) -> Iterable[tuple[str, Namespace, Namespace]]:
    """Yield each namespace of `new`: its name, its state in `old`, empty if it is not there, and in `new`."""
    for name, namespace in new.namespaces.items():
        yield name, old.namespaces.get(name, Namespace()), namespace


def _without(items: Iterable[T], others: Iterable[T]) -> tuple[T, ...]:
    absent = set(others)
    return tuple(item for item in items if item not in absent)


class _Command(NamedTuple):
    """One line of a batch."""

    namespace: str
    text: str
    version: int = 4


def _batches(commands: Iterable[_Command]) -> Iterable[IpBatch]:
    """Group commands into one batch for each namespace and version, in the order of their first one."""
    batches: dict[tuple[str, int], list[str]] = {}
    for command in commands:
        batches.setdefault((command.namespace, command.version), []).append(command.text)
    return (IpBatch(namespace, tuple(batch), version) for (namespace, version), batch in batches.items())
