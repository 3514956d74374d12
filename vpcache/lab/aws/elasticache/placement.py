"""Placement of nodes in availability zones, and validation of the related parameters. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

from vpcache.lab.aws.elasticache.models import SubnetGroup
from vpcache.lab.aws.elasticache.parameters import NOT_EMULATED

_MAX_NODES = 60  # of a memcached cluster: "Quotas" in the ElastiCache user guide
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = rf"({'|'.join(_DAYS)}):([01]\d|2[0-3]):([0-5]\d)"
_WINDOW = re.compile(f"{_TIME}-{_TIME}")
_MINUTES_PER_WEEK = 7 * 24 * 60
_MIN_WINDOW = 60  # minutes


def initial_zones(group: SubnetGroup, request: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the AZ mode of a new cluster and the zone of each node. Raises ElastiCache's errors."""
    count = check_count(int(request.get("NumCacheNodes") or 1))
    az_mode = check_az_mode(request.get("AZMode") or "single-az", count)
    single_zone = request.get("PreferredAvailabilityZone")
    preferred = request.get("PreferredAvailabilityZones") or ([single_zone] * count if single_zone else [])
    return az_mode, choose_zones(group, az_mode, [], count, preferred)


def check_count(count: int) -> int:
    """Return a number of nodes that a cluster can have. Raises InvalidParameterValueException."""
    if not 1 <= count <= _MAX_NODES:
        raise InvalidParameterValueException(f"NumCacheNodes must be from 1 to {_MAX_NODES}, not {count}.")
    return count


def choose_zones(
    group: SubnetGroup, az_mode: str, current: list[str], count: int, preferred: list[str]
) -> list[str]:
    """Return the zone of each of `count` new nodes: the preferred ones, or an even distribution.

    `current` contains the zones of the existing nodes.
    """
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
        zones = {*current, *preferred}
        if len(zones) > 1 and preferred:
            raise InvalidParameterCombinationException(
                f"Nodes in {sorted(zones)} need the AZMode cross-az, not single-az."
            )
        return preferred or [current[0] if current else available[0]] * count
    return preferred or _distribute(available, current, count)


def _distribute(available: list[str], current: list[str], count: int) -> list[str]:
    """Return `count` zones such that all zones have as equal numbers of nodes as possible."""
    nodes = Counter(dict.fromkeys(available, 0))
    nodes.update(current)
    chosen = []
    for _ in range(count):
        zone = min(available, key=lambda each: (nodes[each], each))
        nodes[zone] += 1
        chosen.append(zone)
    return chosen


def check_az_mode(az_mode: str, count: int) -> str:
    """Return an AZ mode that is valid for a number of nodes. Raises ElastiCache's errors."""
    require_choice(("single-az", "cross-az"), "AZMode", az_mode)
    if az_mode == "cross-az" and count < 2:
        raise InvalidParameterCombinationException(
            "Cross-AZ mode needs a NumCacheNodes of at least 2, or else AZMode single-az."
        )
    return az_mode


def check_single_zone(az_mode: str, current: Iterable[str]) -> None:
    """Raise InvalidParameterCombinationException for single-az while nodes are in several zones.

    Nodes that the same request removes count, too.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html
    """
    if az_mode == "single-az" and len(set(current)) > 1:
        raise InvalidParameterCombinationException(
            "You cannot specify single-az if the Memcached cluster already has cache nodes in different "
            "Availability Zones."
        )


def check_window(window: str) -> str:
    """Return a maintenance window, such as "sun:05:00-sun:06:00". Raises InvalidParameterValueException."""
    match = _WINDOW.fullmatch(window.lower())
    if match:
        start, end = (
            (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
            for day, hour, minute in (match.groups()[:3], match.groups()[3:])
        )
        if (end - start) % _MINUTES_PER_WEEK >= _MIN_WINDOW:
            return window.lower()
    raise InvalidParameterValueException(
        f"Invalid maintenance window {window}: use ddd:hh24:mi-ddd:hh24:mi with at least "
        f"{_MIN_WINDOW} minutes, such as sun:05:00-sun:06:00."
    )


def require_choice(choices: Iterable[str], name: str, value: str | None) -> str:
    """Return a parameter's value.

    Raises InvalidParameterValueException if it is not one of `choices`, or NotImplementedError if AWS has it.
    """
    if value and value not in choices and NOT_EMULATED.fullmatch(value):
        raise NotImplementedError(
            f"The {name} {value} is not emulated. The lab supports {', '.join(sorted(choices))}."
        )
    if value is None or value not in choices:
        raise InvalidParameterValueException(
            f"Invalid {name}: {value}. The lab supports {', '.join(sorted(choices))}."
        )
    return value
