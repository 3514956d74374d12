"""AWS's regions, as moto knows them."""

from __future__ import annotations

from functools import cache

_SCOPE_ERROR = "SignatureDoesNotMatch"
"""What AWS answers to a request that is signed for a region that does not exist."""


@cache
def known_regions() -> frozenset[str]:
    """Return the names of all regions."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend  # loads a megabyte

    return frozenset(region.name for region in RegionsAndZonesBackend.regions)


def short_form(region: str) -> str:
    """Return a region's short form, which names of ElastiCache and zone ids have: `use1`, `apse2`."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    zone_id: str = RegionsAndZonesBackend.zones[region][0].zone_id
    return zone_id.partition("-")[0]


def region_problem(region: str) -> tuple[str, str] | None:
    """Return code and message of the error for a region that does not exist, None if it does."""
    if region in known_regions():
        return None
    return _SCOPE_ERROR, f"Credential should be scoped to a valid region: there is no region '{region}'."
