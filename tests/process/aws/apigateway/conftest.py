from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region


@pytest.fixture
def gateway(region: Region) -> Any:
    """A client of the region's API Gateway."""
    return region.client("apigatewayv2")


@pytest.fixture
def api_id(gateway: Any) -> str:
    """The ID of an HTTP API without routes."""
    return str(gateway.create_api(Name="shop", ProtocolType="HTTP")["ApiId"])
