"""The configurations of function URLs.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionUrlConfig.html
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import lambda_backends

from vpcache.lab.addresses import FUNCTION_URL_ADDRESSES
from vpcache.lab.topology import FunctionUrl

if TYPE_CHECKING:
    from vpcache.lab.aws.awslambda.function import Function

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 32


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class FunctionUrlConfig:
    """The URL of a function or, with a qualifier, of an alias; `address` is its host's in the lab."""

    region: str
    function_arn: str  # with the alias, if any
    qualifier: str | None
    address: IPv4Address
    url_id: str = field(default_factory=lambda: "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)))
    created: str = field(default_factory=_now)
    modified: str = field(default_factory=_now)

    @property
    def hostname(self) -> str:
        """The URL's host."""
        return f"{self.url_id}.lambda-url.{self.region}.on.aws"

    def touched(self) -> FunctionUrlConfig:
        """Return the configuration as an update leaves it."""
        return replace(self, modified=_now())

    def describe(self) -> dict[str, Any]:
        """Return the configuration as the API shows it."""
        return {
            "FunctionUrl": f"https://{self.hostname}/",
            "FunctionArn": self.function_arn,
            "AuthType": "NONE",
            "InvokeMode": "BUFFERED",
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }


def check_url_parameters(parameters: dict[str, Any]) -> None:
    """Raise NotImplementedError for a function URL of a kind that the lab does not serve."""
    if parameters.get("AuthType", "NONE") != "NONE":
        raise NotImplementedError("The lab serves function URLs with the AuthType NONE only.")
    if parameters.get("InvokeMode", "BUFFERED") != "BUFFERED":
        raise NotImplementedError("The lab serves function URLs with the InvokeMode BUFFERED only.")
    if parameters.get("Cors"):
        raise NotImplementedError("The lab serves function URLs without Cors only.")


def new_url_config(account: str, region: str, function_arn: str, qualifier: str | None) -> FunctionUrlConfig:
    """Return the configuration of a new URL, whose host no other URL of the account has.

    Raises NotImplementedError if the lab has no address left.
    """
    taken = {config.address for _, config in _of_account(account)}
    free = next((each for each in FUNCTION_URL_ADDRESSES if each not in taken), None)
    if free is None:
        raise NotImplementedError(f"The lab serves {len(FUNCTION_URL_ADDRESSES)} function URLs at once.")
    return FunctionUrlConfig(region, function_arn, qualifier, free)


def function_urls(account: str) -> tuple[FunctionUrl, ...]:
    """Return the hosts of all regions' function URLs, sorted by name."""
    hosts = (FunctionUrl(each.hostname, each.address) for _, each in _of_account(account))
    return tuple(sorted(hosts, key=lambda host: host.hostname))


def find_url(account: str, region: str, url_id: str) -> tuple[Function, FunctionUrlConfig] | None:
    """Return the function and the configuration of a URL, None if there is no such URL."""
    return next((pair for pair in _of_region(account, region) if pair[1].url_id == url_id), None)


def _of_account(account: str) -> Iterator[tuple[Function, FunctionUrlConfig]]:
    for region in list(lambda_backends[account]):
        yield from _of_region(account, region)


def _of_region(account: str, region: str) -> Iterator[tuple[Function, FunctionUrlConfig]]:
    for function in lambda_backends[account][region].functions:
        for config in list(function.url_configs.values()):
            yield function, config
