"""Settings of a running lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from vpcache.lab.errors import LabError
from vpcache.lab.network.planner import NAT_IDLE_SECONDS


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a lab. Quotas default to AWS's; times are AWS's, shortened as each line says."""

    nat_idle_seconds: int = NAT_IDLE_SECONDS  # until a NAT gateway drops an idle flow
    elastic_ips: int = 5  # per region: quota L-0263D0A3
    vpcs: int = 5  # per region: quota L-F678F1CE
    concurrent_executions: int = 1000  # of all functions of a region: quota L-B99A9384
    interface_linger_seconds: int = field(default=20, metadata={"least": 0})
    """How long a function's interfaces outlive it: a second for each of the minutes that AWS takes."""
    iam_lag_ms: int = field(default=1000, metadata={"least": 0})
    """How long ListRoles and ListFunctions lag behind; AWS gives no figure, it is seconds."""
    async_minute_ms: int = 1000  # for one minute between the retries of an event; AWS: 60000
    transition_ms: int = 500  # for which states such as "creating" last; AWS: minutes

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return a copy with some values replaced. Raises LabError for an unknown name or a bad value."""
        least = {each.name: each.metadata.get("least", 1) for each in fields(self)}
        for name, value in values.items():
            if name not in least:
                raise LabError(f"unknown setting {name!r}: use one of {', '.join(least)}")
            if not isinstance(value, int) or isinstance(value, bool) or value < least[name]:
                raise LabError(f"setting {name} is {value!r}: give a whole number from {least[name]} on")
        return replace(self, **values)


def parse_settings(lines: Iterable[str]) -> dict[str, int]:
    """Return the values that lines of the form `name=value` give. Raises LabError for a bad line."""
    values = {}
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise LabError(f"{line!r} is no setting: write name=value, such as elastic_ips=20")
        if not (value.isascii() and value.isdigit()):
            raise LabError(f"setting {name} is {value!r}: give a whole number")
        values[name] = int(value)
    Settings().changed(values)
    return values
