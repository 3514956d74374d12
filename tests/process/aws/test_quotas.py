"""The quotas of a region, and what Service Quotas and Lambda say of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.served_functions import refusal
from tests.support.served_region import Region
from vpcache.lab.settings import Settings


@pytest.fixture
def ec2(region: Region) -> Any:
    return region.client("ec2")


def test_defaults_are_the_quotas_of_a_new_account() -> None:
    settings = Settings()
    assert (settings.elastic_ips, settings.vpcs, settings.concurrent_executions) == (5, 5, 1000)


def test_vpcs_have_a_quota_that_counts_the_default_one(region: Region, ec2: Any) -> None:
    region.settings = replace(region.settings, vpcs=2)
    ec2.create_default_vpc()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]

    error = refusal(ec2.create_vpc, CidrBlock="10.1.0.0/24")
    assert error == {"Code": "VpcLimitExceeded", "Message": "The maximum number of VPCs has been reached."}

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
def test_service_quotas_answers_with_the_settings(
    region: Region, service: str, code: str, setting: str, name: str
) -> None:
    region.settings = region.settings.changed({setting: 123})

    quota = region.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]

    assert (quota["QuotaName"], quota["Value"]) == (name, 123.0)
    assert quota["QuotaArn"] == f"arn:aws:servicequotas:us-east-1:123456789012:{service}/{code}"


def test_unknown_quota_does_not_exist(region: Region) -> None:
    quotas = region.client("service-quotas")
    error = refusal(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-00000000")
    assert error["Code"] == "NoSuchResourceException"


def test_account_settings_of_lambda_follow_the_setting(region: Region) -> None:
    region.settings = replace(region.settings, concurrent_executions=150)
    limits = region.client("lambda").get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] == limits["UnreservedConcurrentExecutions"] == 150
