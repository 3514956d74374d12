from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region, unique


@pytest.fixture
def s3(region: Region) -> Any:
    """A client of the region's S3."""
    return region.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """A new bucket."""
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """A bucket with versioning."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket
