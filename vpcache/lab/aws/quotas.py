"""Service Quotas: moto's backend with the quotas that the lab enforces, from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.servicequotas import urls
from moto.servicequotas.models import ServiceQuotasBackend

from vpcache.lab.settings import LabSettings


@dataclass(frozen=True, slots=True)
class _Quota:
    service_name: str
    name: str
    value: Callable[[LabSettings], int]


_ENFORCED: Mapping[tuple[str, str], _Quota] = {
    ("ec2", "L-0263D0A3"): _Quota(
        "Amazon Elastic Compute Cloud (Amazon EC2)",
        "EC2-VPC Elastic IPs",
        lambda settings: settings.elastic_ips,
    ),
    ("vpc", "L-F678F1CE"): _Quota(
        "Amazon Virtual Private Cloud (Amazon VPC)", "VPCs per Region", lambda settings: settings.vpcs
    ),
    ("lambda", "L-B99A9384"): _Quota(
        "AWS Lambda", "Concurrent executions", lambda settings: settings.concurrent_executions
    ),
}
"""Enforced quotas by service code and quota code. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
https://docs.aws.amazon.com/general/latest/gr/lambda-service.html"""


class QuotasBackend(ServiceQuotasBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """Service Quotas of one region."""

    def __init__(self, region_name: str, account_id: str, settings: Callable[[], LabSettings]) -> None:
        super().__init__(region_name, account_id)
        self._settings = settings

    @property
    def _url_module(self) -> Any:
        return urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """Return a quota. Raises NoSuchResource."""
        quota = _ENFORCED.get((service_code, quota_code))
        if quota is None:
            default: dict[str, Any] = super().get_service_quota(service_code, quota_code)
            return default
        return {
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaArn": f"arn:{self.partition}:servicequotas:{self.region_name}:{self.account_id}:"
            f"{service_code}/{quota_code}",
            "QuotaCode": quota_code,
            "QuotaName": quota.name,
            "ServiceCode": service_code,
            "ServiceName": quota.service_name,
            "Unit": "None",
            "Value": float(quota.value(self._settings())),
        }
