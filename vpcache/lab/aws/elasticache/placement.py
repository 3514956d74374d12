"""In which zones the nodes of a cluster go, and what a request may ask for. All pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

from vpcache.lab.aws.elasticache.models import SubnetGroup

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = rf"({'|'.join(_DAYS)}):([01]\d|2[0-3]):([0-5]\d)"
_WINDOW = re.compile(f"{_TIME}-{_TIME}")
_WEEK = 7 * 24 * 60  # minutes
_SHORTEST_WINDOW = 60  # minutes


def place(
    group: SubnetGroup, az_mode: str, present: list[str], count: int, preferred: list[str]
) -> list[str]:
    """Return the zone of each of `count` nodes more, as preferred or so that zones fill evenly."""
    available = sorted({subnet.availability_zone for subnet in group.subnets})
    if preferred and len(preferred) != count:
        raise InvalidParameterValueException(
            f"The list of preferred Availability Zones has {len(preferred)} entries and must have {count}, "
            "one for each new node."
        )
    for zone in preferred:
        if zone not in available:
            raise InvalidParameterValueException(
                f"{zone} has no subnet in the cache subnet group {group.name}: choose from {available}."
            )
    if az_mode == "single-az":
        zones = {*present, *preferred}
        if len(zones) > 1 and preferred:
            raise InvalidParameterCombinationException(
                f"Nodes in {sorted(zones)} need the AZMode cross-az, not single-az."
            )
        return preferred or [present[0] if present else available[0]] * count
    if preferred:
        return preferred
    filled = Counter(dict.fromkeys(available, 0))
    filled.update(present)
    chosen = []
    for _ in range(count):
        zone = min(available, key=lambda each: (filled[each], each))
        filled[zone] += 1
        chosen.append(zone)
    return chosen


def check_az_mode(az_mode: str, count: int) -> str:
    """Return an AZ mode that so many nodes can have. Raises if they cannot."""
    one_of(("single-az", "cross-az"), "AZMode", az_mode)
    if az_mode == "cross-az" and count < 2:
        raise InvalidParameterCombinationException(
            "Cross-AZ mode needs a NumCacheNodes of at least 2, or else AZMode single-az."
        )
    return az_mode


def check_single_zone(az_mode: str, present: Iterable[str]) -> None:
    """Raise if single-az is asked for while nodes are in several zones, those that leave with it among them.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html
    """
    if az_mode == "single-az" and len(set(present)) > 1:
        raise InvalidParameterCombinationException(
            "You cannot specify single-az if the Memcached cluster already has cache nodes in different "
            "Availability Zones."
        )


def check_window(window: str) -> str:
    """Return a maintenance window such as "sun:05:00-sun:06:00". Raises if AWS would not take it."""
    found = _WINDOW.fullmatch(window.lower())
    if found:
        first, last = (
            (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
            for day, hour, minute in (found.groups()[:3], found.groups()[3:])
        )
        if (last - first) % _WEEK >= _SHORTEST_WINDOW:
            return window.lower()
    raise InvalidParameterValueException(
        f"Invalid maintenance window {window}: give ddd:hh24:mi-ddd:hh24:mi of at least "
        f"{_SHORTEST_WINDOW} minutes, such as sun:05:00-sun:06:00."
    )


def one_of(known: Iterable[str], name: str, value: str | None) -> str:
    """Return the value of a parameter. Raises InvalidParameterValueException if it is not a known one."""
    if value is None or value not in known:
        raise InvalidParameterValueException(
            f"Invalid {name}: {value}. The lab knows {', '.join(sorted(known))}."
        )
    return value
