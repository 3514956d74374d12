"""In which zones the nodes of a cluster go. All pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

from vpcache.lab.control.caches import SubnetGroup


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


def one_of(known: Iterable[str], name: str, value: str | None) -> str:
    """Return the value of a parameter. Raises InvalidParameterValueException if it is not a known one."""
    if value is None or value not in known:
        raise InvalidParameterValueException(
            f"Invalid {name}: {value}. The lab knows {', '.join(sorted(known))}."
        )
    return value
