"""AWS's partitions and regions, and the regions of each service, from botocore's table of endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from sys import intern
from typing import Any


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition, such as "aws-cn": its regions with their titles, and the regions of each service."""

    titles: Mapping[str, str]
    services: Mapping[str, tuple[str, ...]]


@cache
def partitions() -> Mapping[str, Partition]:
    """Return the partitions by name. Reads more than a megabyte of JSON, and keeps a tenth of it."""
    table = json.loads(files("botocore").joinpath("data/endpoints.json").read_bytes())
    return {each["partition"]: _partition(each) for each in table["partitions"]}


def service_regions(service: str, partition: str = "aws") -> tuple[str, ...]:
    """Return the regions of a service, by the name of its endpoints, in a partition."""
    known = partitions().get(partition)
    return known.services.get(service, ()) if known else ()


def use_table_of_endpoints() -> None:
    """Make boto3's sessions list regions and partitions from `partitions()`.

    moto asks a session for the regions of each service, and each session reads the table of endpoints again:
    that takes 0.4 s of the daemon's start and 45 MB.
    """
    from boto3.session import Session

    def get_available_regions(
        _: Any, service_name: str, partition_name: str = "aws", allow_non_regional: bool = False
    ) -> list[str]:
        if allow_non_regional:
            raise NotImplementedError("the table has regional endpoints only")
        return list(service_regions(service_name, partition_name))

    Session.get_available_regions = get_available_regions
    Session.get_available_partitions = lambda _: list(partitions())


def _partition(entry: dict[str, Any]) -> Partition:
    titles = {intern(name): region["description"] for name, region in entry["regions"].items()}
    services = {
        name: tuple(intern(region) for region in service["endpoints"] if region in titles)
        for name, service in entry["services"].items()
        if "endpoints" in service
    }
    return Partition(titles, services)
