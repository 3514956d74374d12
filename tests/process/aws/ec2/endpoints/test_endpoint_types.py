"""Types of VPC endpoints that services have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, api_error


@pytest.mark.parametrize("service", ["ec2", "ssm", "lambda"])
def test_service_without_gateway_endpoints_is_refused(ec2: Any, network: Network, service: str) -> None:
    name = f"com.amazonaws.us-east-1.{service}"
    for options in ({}, {"VpcEndpointType": "Gateway"}):
        assert api_error(ec2.create_vpc_endpoint, VpcId=network.vpc, ServiceName=name, **options) == (
            400,
            "InvalidParameter",
            "Endpoint type (Gateway) does not match available service types ([Interface]).",
        )
