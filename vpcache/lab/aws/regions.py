"""AWS's regions, from moto's data."""

from __future__ import annotations

from functools import cache

_UNKNOWN_REGION = "SignatureDoesNotMatch"
"""The code of AWS's error for a request that is signed for an unknown region."""


@cache
def known_regions() -> frozenset[str]:
    """Return the names of all regions."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend  # loads a megabyte

    return frozenset(region.name for region in RegionsAndZonesBackend.regions)


def zone_letters(region: str) -> tuple[str, ...]:
    """Return the letters of the availability zones of a known region, in order.

    On AWS the letters differ by account in some regions: us-west-1 has two zones for each account.
    """
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    return tuple(sorted(zone.name.removeprefix(region) for zone in RegionsAndZonesBackend.zones[region]))


def short_form(region: str) -> str:
    """Return a region's short form, part of ElastiCache's hostnames and of zone IDs: `use1`, `apse2`."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    zone_id: str = RegionsAndZonesBackend.zones[region][0].zone_id
    return zone_id.partition("-")[0]


@cache
def region_title(region: str) -> str:
    """Return a region's long name, such as "US East (N. Virginia)"."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("endpoints")["partitions"]
    titles = (each["regions"].get(region, {}).get("description") for each in partitions)
    return next(filter(None, titles), region)


def unknown_region_error(region: str) -> tuple[str, str] | None:
    """Return code and message of the error for an unknown region, None for a known one."""
    if region in known_regions():
        return None
    return _UNKNOWN_REGION, f"Credential should be scoped to a valid region: there is no region '{region}'."
