"""What can be set of a running lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from vpcache.lab.errors import LabError
from vpcache.lab.network import NAT_IDLE_SECONDS


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, each at AWS's value until it is changed unless it says otherwise."""

    nat_idle_seconds: int = NAT_IDLE_SECONDS  # after which a NAT gateway forgets a flow
    elastic_ips: int = 200  # that the account may have; AWS gives 5 unless asked for more
    concurrent_executions: int = 1000  # of all functions together, that the account may have
    interface_linger_seconds: int = field(default=0, metadata={"least": 0})
    """For which a function's interfaces outlive it; on AWS it is half an hour."""
    async_minute_ms: int = 1000  # that stand for a minute between attempts of an event; on AWS 60000
    transition_ms: int = 500  # for which states such as "pending" are shown; on AWS it is minutes

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """Return these settings with some changed. Raises LabError for what cannot be set."""
        least = {each.name: each.metadata.get("least", 1) for each in fields(self)}
        for name, value in values.items():
            if name not in least:
                raise LabError(f"unknown setting {name!r}: use one of {', '.join(least)}")
            if not isinstance(value, int) or isinstance(value, bool) or value < least[name]:
                raise LabError(f"setting {name} is {value!r}: give a whole number from {least[name]} on")
        return replace(self, **values)
