"""Checks of a plan against the account's quotas, before an apply that would fail halfway.

The quotas are those of a region: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vpcache.errors import VpcacheError
from vpcache.stack.resource_types.resource_type import pages
from vpcache.stack.target import Target
from vpcache.terraform.plans import PlannedChange

_MIN_UNRESERVED = 100
"""The concurrency that Lambda keeps unreserved. The whole quota of a new account may be lower:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""


@dataclass(frozen=True)
class Quota:
    """A quota with its codes in Service Quotas. It limits the number of resources of `type`."""

    name: str
    type: str
    service_code: str
    code: str


@dataclass(frozen=True)
class QuotaUse:
    """The use of a quota, and the number of resources that a plan adds.

    `limit` and `used` are None if they cannot be read, for the `reason`.
    """

    quota: Quota
    region: str
    adds: int
    limit: int | None = None
    used: int | None = None
    reason: str = ""

    @property
    def excess(self) -> int:
        """The number of resources above the quota, 0 if they fit or if the use is unknown."""
        if self.limit is None or self.used is None:
            return 0
        return max(0, self.used + self.adds - self.limit)

    def __str__(self) -> str:
        if self.limit is None or self.used is None:
            use = f"use and quota in {self.region} unknown ({self.reason})"
        else:
            use = f"{self.used} of {self.limit} in use in {self.region}"
        return f"{self.quota.name}: {use}, this plan adds {self.adds}"

    @property
    def request(self) -> str:
        """The command that requests a sufficient quota."""
        return (
            f"aws service-quotas request-service-quota-increase --service-code {self.quota.service_code} "
            f"--quota-code {self.quota.code} --desired-value {(self.limit or 0) + self.excess} "
            f"--region {self.region}"
        )


@dataclass(frozen=True)
class ConcurrencyUse:
    """The quota of concurrent Lambda executions in a region, and the part that is not reserved."""

    region: str
    limit: int
    unreserved: int

    def __str__(self) -> str:
        reserved = self.limit - self.unreserved
        line = f"Lambda concurrency: {self.limit} in {self.region}, {reserved} of them reserved"
        if self.unreserved <= _MIN_UNRESERVED:
            line += (
                f"; no function can reserve concurrency, as Lambda keeps {_MIN_UNRESERVED} unreserved, and "
                f"more than {self.unreserved} concurrent calls are throttled: quota code lambda L-B99A9384"
            )
        return line


ADDRESSES = Quota("elastic IPs", "aws_eip", "ec2", "L-0263D0A3")
VPCS = Quota("VPCs", "aws_vpc", "vpc", "L-F678F1CE")
_FUNCTION = "aws_lambda_function"


def added(changes: Iterable[PlannedChange], type: str) -> int:
    """Return the change in the number of resources of a type."""
    by_action = {"create": 1, "delete": -1}
    return sum(by_action.get(change.action, 0) for change in changes if change.type == type)


def preflight(target: Target, changes: Iterable[PlannedChange]) -> list[QuotaUse | ConcurrencyUse]:
    """Return the use of the quotas that a plan affects.

    A quota that cannot be read, e.g. for lack of a permission, is unknown and not an error.
    """
    planned = list(changes)
    uses: list[QuotaUse | ConcurrencyUse] = [
        _use(target, quota, adds, count)
        for quota, count in ((ADDRESSES, _addresses), (VPCS, _vpcs))
        if (adds := added(planned, quota.type)) > 0
    ]
    if added(planned, _FUNCTION) > 0:
        uses.extend(_concurrency(target))
    return uses


def check(uses: Iterable[QuotaUse | ConcurrencyUse]) -> None:
    """Raise VpcacheError if the plan exceeds a quota of the account."""
    for use in uses:
        if isinstance(use, QuotaUse) and use.excess:
            raise VpcacheError(
                f"{use}: {use.excess} too many; release what is unused, choose another region, or ask for a "
                f"higher quota with `{use.request}` and apply when AWS has granted it"
            )


def _use(target: Target, quota: Quota, adds: int, count: Callable[[Target], int]) -> QuotaUse:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = target.client("service-quotas").get_service_quota(
            ServiceCode=quota.service_code, QuotaCode=quota.code
        )
        return QuotaUse(quota, target.region, adds, int(answer["Quota"]["Value"]), count(target))
    except ClientError as error:
        return QuotaUse(quota, target.region, adds, reason=str(error.response["Error"]["Code"]))
    except BotoCoreError as error:
        return QuotaUse(quota, target.region, adds, reason=str(error))


def _addresses(target: Target) -> int:
    """Count the addresses from Amazon's pool. AWS documents no such quota for BYOIP pools."""
    addresses = target.client("ec2").describe_addresses()["Addresses"]
    return sum(address.get("PublicIpv4Pool", "amazon") == "amazon" for address in addresses)


def _vpcs(target: Target) -> int:
    """Count the VPCs that the account owns. Shared VPCs of other accounts are listed too."""
    account = target.account()
    return sum(vpc["OwnerId"] == account for vpc in pages(target.client("ec2"), "describe_vpcs", "Vpcs"))


def _concurrency(target: Target) -> Iterator[ConcurrencyUse]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        limits = target.client("lambda").get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError):
        return
    yield ConcurrencyUse(
        target.region, int(limits["ConcurrentExecutions"]), int(limits["UnreservedConcurrentExecutions"])
    )
