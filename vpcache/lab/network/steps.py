"""Namespaces, links and rules as data, and the steps that lead from one network of them to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """What `ip <object> add <arguments>` makes and `ip <object> del <arguments>` takes away."""

    object: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: its lines in the order in which they can be added, its sysctls by path,
    its nft ruleset."""

    lines: tuple[Line, ...] = ()
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
    """Commands for one `ip -batch` in `namespace`, or in none of the network's if None."""

    namespace: str | None
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sysctls:
    """Values to write under /proc/sys, as `namespace` sees it."""

    namespace: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Text for one `nft -f -` in `namespace`; it replaces all rules there in one transaction."""

    namespace: str
    text: str


Step = IpBatch | Sysctls | Ruleset


def changes(old: Network, new: Network) -> tuple[Step, ...]:
    """Return the steps that make `new` out of a standing `old`, none if they are equal.

    Links are deleted by name, since a namespace lives on, with its links, as long as a process in it does.
    A namespace's rules stand before its new links come up.
    """
    return (*_removals(old, new), *_additions(old, new))


def _removals(old: Network, new: Network) -> Iterable[Step]:
    yield from _batches(
        (name, f"{line.object} del {line.arguments}")
        for name in old.namespaces
        if name in new.namespaces
        for line in reversed(_without(old.namespaces[name].lines, new.namespaces[name].lines))
    )
    yield from _batches(
        (link.namespace, f"link del {link.device}") for link in _without(old.links, new.links)
    )
    if dead := _without(old.namespaces, new.namespaces):
        yield IpBatch(None, tuple(f"netns del {name}" for name in dead))


def _additions(old: Network, new: Network) -> Iterable[Step]:
    born, links = _without(new.namespaces, old.namespaces), _without(new.links, old.links)
    pairs = [
        (namespace, old.namespaces.get(name, Namespace()), name) for name, namespace in new.namespaces.items()
    ]
    if born:
        yield IpBatch(None, tuple(f"netns add {name}" for name in born))
    values = [(name, _without(wanted.sysctls, current.sysctls)) for wanted, current, name in pairs]
    yield from _sysctls((name, [each for each in some if not _is_of_rules(each)]) for name, some in values)
    if links:
        yield IpBatch(None, tuple(_creation(link) for link in links))
    for wanted, current, name in pairs:
        if wanted.ruleset != current.ruleset:
            yield Ruleset(name, f"flush ruleset\n{wanted.ruleset}")
    yield from _sysctls((name, [each for each in some if _is_of_rules(each)]) for name, some in values)
    yield from _batches(
        [
            *((name, "link set lo up") for name in born),
            *((end, f"link set {device} up") for link in links for end, device in _ends(link)),
            *(
                (name, f"{line.object} add {line.arguments}")
                for wanted, current, name in pairs
                for line in _without(wanted.lines, current.lines)
            ),
        ]
    )


def _sysctls(values: Iterable[tuple[str, list[tuple[str, str]]]]) -> Iterable[Sysctls]:
    return (Sysctls(name, tuple(some)) for name, some in values if some)


def _is_of_rules(sysctl: tuple[str, str]) -> bool:
    """Tell whether a sysctl may be there only once rules have made the kernel track connections."""
    return sysctl[0].startswith("net/netfilter/")


def _without(items: Iterable[T], others: Iterable[T]) -> tuple[T, ...]:
    absent = set(others)
    return tuple(item for item in items if item not in absent)


def _batches(commands: Iterable[tuple[str, str]]) -> Iterable[IpBatch]:
    """Gather (namespace, command) pairs into one batch for each namespace."""
    by_namespace: dict[str, list[str]] = {}
    for namespace, command in commands:
        by_namespace.setdefault(namespace, []).append(command)
    return (IpBatch(namespace, tuple(batch)) for namespace, batch in by_namespace.items())


def _creation(link: Link) -> str:
    return (
        f"link add {link.device} netns {link.namespace} type veth "
        f"peer name {link.peer_device} netns {link.peer_namespace}"
    )


def _ends(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.namespace, link.device), (link.peer_namespace, link.peer_device)
