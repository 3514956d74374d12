"""The quotas of a region, and their values in Service Quotas and Lambda."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, error_code
from vpcache.lab.settings import LabSettings


def test_default_settings_are_quotas_of_new_account() -> None:
    settings = LabSettings()
    assert (settings.elastic_ips, settings.vpcs, settings.concurrent_executions) == (5, 5, 1000)


def test_vpc_quota_includes_default_vpc(region: Region, ec2: Any) -> None:
    region.settings = replace(region.settings, vpcs=2)
    ec2.create_default_vpc()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]

    error = api_error(ec2.create_vpc, CidrBlock="10.1.0.0/24")
    assert (error.code, error.message) == (
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
    )

    ec2.delete_vpc(VpcId=vpc)
    ec2.create_vpc(CidrBlock="10.1.0.0/24")


@pytest.mark.parametrize(
    ("service", "code", "setting", "name"),
    [
        ("ec2", "L-0263D0A3", "elastic_ips", "EC2-VPC Elastic IPs"),
        ("vpc", "L-F678F1CE", "vpcs", "VPCs per Region"),
        ("lambda", "L-B99A9384", "concurrent_executions", "Concurrent executions"),
    ],
)
def test_service_quotas_returns_settings(
    region: Region, service: str, code: str, setting: str, name: str
) -> None:
    region.settings = region.settings.changed({setting: 123})

    quota = region.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]

    assert (quota["QuotaName"], quota["Value"]) == (name, 123.0)
    assert quota["QuotaArn"] == f"arn:aws:servicequotas:us-east-1:123456789012:{service}/{code}"


def test_unknown_quota_is_not_found(region: Region) -> None:
    quotas = region.client("service-quotas")
    code = error_code(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-00000000")
    assert code == "NoSuchResourceException"


def test_lambda_account_settings_return_setting(region: Region) -> None:
    region.settings = replace(region.settings, concurrent_executions=150)
    limits = region.client("lambda").get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] == limits["UnreservedConcurrentExecutions"] == 150
