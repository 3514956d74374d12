"""Whether a plan fits into the account's quotas: asked before an apply, which would fail halfway.

The quotas are those of a region: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vpcache.errors import VpcacheError
from vpcache.stack.resource_types.resource_type import pages
from vpcache.stack.target import Target
from vpcache.terraform.plans import Change

_FEW_EXECUTIONS = 100
"""What Lambda keeps unreserved, and more than a new account may have in all:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""


@dataclass(frozen=True)
class Quota:
    """A quota under its codes in Service Quotas; each resource of `type` counts."""

    name: str
    type: str
    service_code: str
    code: str


@dataclass(frozen=True)
class QuotaUse:
    """A quota's use, and what a plan adds to it. `limit` or `used` is None if the account does not say it.

    `reason` says why it does not.
    """

    quota: Quota
    region: str
    adds: int
    limit: int | None = None
    used: int | None = None
    reason: str = ""

    @property
    def excess(self) -> int:
        """How many resources too many there would be; 0 if they fit, or if that is not known."""
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
        """The command that asks AWS for a quota that the plan fits into."""
        return (
            f"aws service-quotas request-service-quota-increase --service-code {self.quota.service_code} "
            f"--quota-code {self.quota.code} --desired-value {(self.limit or 0) + self.excess} "
            f"--region {self.region}"
        )


@dataclass(frozen=True)
class ConcurrencyUse:
    """Lambda's concurrent executions of a region, of which functions may reserve some."""

    region: str
    limit: int
    unreserved: int

    def __str__(self) -> str:
        reserved = self.limit - self.unreserved
        line = f"Lambda concurrency: {self.limit} in {self.region}, {reserved} of them reserved"
        if self.unreserved <= _FEW_EXECUTIONS:
            line += (
                f"; a function can reserve none, as Lambda keeps {_FEW_EXECUTIONS} unreserved, and with more "
                f"than {self.unreserved} calls at once some fail: quota code lambda L-B99A9384"
            )
        return line


ADDRESSES = Quota("elastic IPs", "aws_eip", "ec2", "L-0263D0A3")
VPCS = Quota("VPCs", "aws_vpc", "vpc", "L-F678F1CE")
_FUNCTION = "aws_lambda_function"


def added(changes: Iterable[Change], type: str) -> int:
    """Return by how many a plan changes the number of resources of a type."""
    by_action = {"create": 1, "delete": -1}
    return sum(by_action.get(change.action, 0) for change in changes if change.type == type)


def preflight(target: Target, changes: Iterable[Change]) -> list[QuotaUse | ConcurrencyUse]:
    """Return the quotas that a plan adds to, with what is in use.

    What the account does not tell, as for lack of a permission, is unknown and no error.
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
    """Raise VpcacheError if the account's quotas leave no room for the plan."""
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
    """Count the addresses from Amazon's pool; AWS documents no such quota for a pool of one's own."""
    found = target.client("ec2").describe_addresses()["Addresses"]
    return sum(address.get("PublicIpv4Pool", "amazon") == "amazon" for address in found)


def _vpcs(target: Target) -> int:
    """Count the account's own VPCs: a VPC of another account that shares a subnet is listed too."""
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
