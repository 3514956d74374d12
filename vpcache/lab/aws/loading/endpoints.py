"""AWS's partitions and regions, and the regions of each service, from botocore's table of endpoints."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from sys import intern
from typing import Any

_PREFIX = re.compile(rb'"endpointPrefix"\s*:\s*"([^"]+)"')
_HEAD = 4096  # bytes at the beginning of a service's model, which have its metadata


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
    """Return the regions of a service, by its name in botocore, in a partition; nothing if it is unknown."""
    prefix = _endpoint_prefix(service)
    known = partitions().get(partition)
    return known.services.get(prefix, ()) if known and prefix else ()


def use_table_of_endpoints() -> None:
    """Make boto3's sessions list regions and partitions from `partitions()`.

    moto asks several sessions for the regions of services. Each session reads the table of endpoints again,
    and the whole model of each service: that takes 0.4 s of the daemon's start and 45 MB.
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


@cache
def _endpoint_prefix(service: str) -> str | None:
    """Return the name of a service's endpoints, such as "monitoring" of "cloudwatch".

    It is in the metadata at the beginning of the service's model. None if there is no model.
    """
    folder = files("botocore").joinpath("data", service)
    versions = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    for name, is_compressed in (("service-2.json", False), ("service-2.json.gz", True)):
        file = folder.joinpath(*versions[-1:], name)
        if file.is_file():
            with file.open("rb") as stream:
                head = (gzip.GzipFile(fileobj=stream) if is_compressed else stream).read(_HEAD)
            match = _PREFIX.search(head)
            return match[1].decode() if match else service
    return None
