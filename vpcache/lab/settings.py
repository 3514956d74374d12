"""Settings of a running lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from vpcache.lab.errors import LabError

NAT_IDLE_SECONDS = 350  # "NAT gateway basics" in the VPC user guide


@dataclass(frozen=True, slots=True)
class LabSettings:
    """The settings of a lab. Quotas default to AWS's quotas; times are shorter than AWS's, as commented."""

    nat_idle_seconds: int = NAT_IDLE_SECONDS  # after which a NAT gateway drops an idle connection
    elastic_ips: int = 5  # per region: quota L-0263D0A3
    vpcs: int = 5  # per region: quota L-F678F1CE
    concurrent_executions: int = 1000  # of all functions of a region: quota L-B99A9384
    interface_linger_seconds: int = field(default=20, metadata={"min": 0})
    """How long a deleted function's interfaces remain: one second for each minute on AWS."""
    iam_lag_ms: int = field(default=1000, metadata={"min": 0})
    """How long ListRoles and ListFunctions lag behind. AWS gives no figure; it takes seconds there."""
    async_minute_ms: int = 1000  # for one minute between the retries of an event; on AWS: 60000
    transition_ms: int = 500  # duration of states such as "creating"; on AWS: minutes

    def changed(self, values: Mapping[str, Any]) -> LabSettings:
        """Return a copy with some values replaced. Raises LabError for unknown names and invalid values."""
        minimums = {setting.name: setting.metadata.get("min", 1) for setting in fields(self)}
        for name, value in values.items():
            if name not in minimums:
                raise LabError(f"unknown setting {name!r}; choose from {', '.join(minimums)}")
            minimum = minimums[name]
            if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
                raise LabError(f"setting {name} is {value!r}: must be a whole number of at least {minimum}")
        return replace(self, **values)


def parse_settings(lines: Iterable[str]) -> dict[str, int]:
    """Return the values in lines of the form `name=value`. Raises LabError for an invalid line."""
    values = {}
    for line in lines:
        name, separator, value = (part.strip() for part in line.partition("="))
        if not separator:
            raise LabError(f"invalid setting {line!r}: write name=value, such as elastic_ips=20")
        if not (value.isascii() and value.isdigit()):
            raise LabError(f"setting {name} is {value!r}: must be a whole number")
        values[name] = int(value)
    LabSettings().changed(values)
    return values
