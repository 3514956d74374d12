"""The function URLs of all functions and regions of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends

from vpcache.lab.addresses import FUNCTION_URL_ADDRESSES
from vpcache.lab.aws.awslambda.config.url_config import FunctionUrlConfig
from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.topology import FunctionUrl


def new_url_config(
    account: str, region: str, function_arn: str, qualifier: str | None, parameters: Mapping[str, Any]
) -> FunctionUrlConfig:
    """Return the configuration of a new URL, with an address that no other URL of the account uses.

    `parameters` are those of CreateFunctionUrlConfig. Raises NotImplementedError if all addresses are used.
    """
    used = {config.address for _, config in _of_account(account)}
    free = next((each for each in FUNCTION_URL_ADDRESSES if each not in used), None)
    if free is None:
        raise NotImplementedError(f"The lab supports at most {len(FUNCTION_URL_ADDRESSES)} function URLs.")
    auth_type, cors = parameters["AuthType"], parameters.get("Cors") or {}
    return FunctionUrlConfig(region, function_arn, qualifier, free, auth_type, cors=cors)


def function_urls(account: str) -> tuple[FunctionUrl, ...]:
    """Return the hosts of the function URLs of all regions, sorted by name."""
    hosts = (FunctionUrl(config.hostname, config.address) for _, config in _of_account(account))
    return tuple(sorted(hosts, key=lambda host: host.hostname))


def find_url(account: str, region: str, url_id: str) -> tuple[Function, FunctionUrlConfig] | None:
    """Return the function and the configuration of a URL, None if it does not exist."""
    return next((pair for pair in _of_region(account, region) if pair[1].url_id == url_id), None)


def _of_account(account: str) -> Iterator[tuple[Function, FunctionUrlConfig]]:
    for region in list(lambda_backends[account]):
        yield from _of_region(account, region)


def _of_region(account: str, region: str) -> Iterator[tuple[Function, FunctionUrlConfig]]:
    for function in lambda_backends[account][region].functions:
        for config in list(function.url_configs.values()):
            yield function, config
