"""Settings of a running lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from vpcache.lab.errors import LabError

_MAX = 2**31 - 1  # of a time or a number, as the kernel's

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
    flow_log_minute_ms: int = 1000  # for one minute of a flow log's aggregation interval; on AWS: 60000
    transition_ms: int = 500  # duration of states such as "creating"; on AWS: minutes
    iam: str = field(default="off", metadata={"choices": ("off", "enforce")})
    """Whether IAM policies are evaluated: "enforce" refuses what they do not allow, as AWS does."""
    missing_runtime: str = field(default="refuse", metadata={"choices": ("refuse", "host")})
    """Functions whose Python this machine lacks: "refuse" them, or run them on the "host"'s Python."""

    def changed(self, values: Mapping[str, Any]) -> LabSettings:
        """Return a copy with some values replaced. Raises LabError for unknown names and invalid values."""
        for name, value in values.items():
            setting = _setting(name)
            choices, minimum = setting.metadata.get("choices"), setting.metadata.get("min", 1)
            if choices:
                if value not in choices:
                    raise LabError(f"setting {name} is {value!r}: must be {' or '.join(choices)}")
            elif not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= _MAX:
                raise LabError(
                    f"setting {name} is {value!r}: must be a whole number from {minimum} to {_MAX}"
                )
        return replace(self, **values)


def _setting(name: str) -> Field[Any]:
    """Return a setting's field. Raises LabError for an unknown name."""
    known = {setting.name: setting for setting in fields(LabSettings)}
    if name not in known:
        raise LabError(f"unknown setting {name!r}; choose from {', '.join(known)}")
    return known[name]


def parse_value(name: str, text: str) -> int | str:
    """Return the value of a setting from its text. Raises LabError for a name or value that is invalid."""
    if _setting(name).metadata.get("choices"):
        return text
    if not (text.isascii() and text.isdigit()):
        minimum = _setting(name).metadata.get("min", 1)
        raise LabError(f"setting {name} is {text!r}: must be a whole number of at least {minimum}")
    return int(text)


def parse_settings(lines: Iterable[str]) -> dict[str, int | str]:
    """Return the values in lines of the form `name=value`. Raises LabError for an invalid line."""
    values: dict[str, int | str] = {}
    for line in lines:
        name, separator, value = (part.strip() for part in line.partition("="))
        if not separator:
            raise LabError(f"invalid setting {line!r}: write name=value, such as elastic_ips=20")
        values[name] = parse_value(name, value)
    LabSettings().changed(values)
    return values
