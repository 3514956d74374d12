"""The settings of the controller, which the Terraform module writes into its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from decision import Thresholds


class Zone(NamedTuple):
    """A zone's private route table, NAT gateway, and checker: IDs, and the name of the function."""

    route_table: str
    gateway: str
    checker: str


@dataclass(frozen=True)
class Settings:
    """The zones by name, the IPv4 addresses that the checkers connect to, and the seconds between rounds."""

    zones: Mapping[str, Zone]
    targets: Sequence[str]
    interval: int
    thresholds: Thresholds


def from_environment(variables: Mapping[str, str]) -> Settings:
    """Return the settings in the variable SETTINGS, which is JSON. Raises KeyError without it."""
    values = json.loads(variables["SETTINGS"])
    return Settings(
        {zone: Zone(**each) for zone, each in values["zones"].items()},
        values["targets"],
        values["interval"],
        Thresholds(values["failures"], values["successes"]),
    )
