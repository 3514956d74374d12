from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.served.region import Network, Region, two_zones
from tests.support.served.saved import check_can_be_saved, forget_services_of_moto


@pytest.fixture
def region(region: Region) -> Iterator[Region]:
    """The region, whose model must have a snapshot after each test, whatever the test leaves in it.

    Resources of services that the lab leaves to moto are those of this test only, too: they may refer to
    others.
    """
    forget_services_of_moto()
    yield region
    check_can_be_saved(region)


@pytest.fixture
def ec2(region: Region) -> Any:
    """A client of the region's EC2."""
    return region.client("ec2")


@pytest.fixture
def enforced(region: Region) -> Iterator[Region]:
    """The region while it enforces IAM."""
    settings = region.settings
    region.settings = settings.changed({"iam": "enforce"})
    yield region
    region.settings = settings


@pytest.fixture
def network(ec2: Any) -> Network:
    """A VPC with a public and a private subnet in each of two zones."""
    return two_zones(ec2)


@pytest.fixture
def elasticache(region: Region, network: Network) -> Any:
    """A client of a region with a subnet group of both private subnets."""
    client = region.client("elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="private",
        CacheSubnetGroupDescription="both zones",
        SubnetIds=list(network.private.values()),
    )
    return client
