"""The HTTPS hosts that functions' environment variables name."""

from __future__ import annotations

from urllib.parse import urlsplit

from moto.awslambda.models import lambda_backends

from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.origins import UnservedHost


def hosts_in_environments(account: str) -> tuple[UnservedHost, ...]:
    """Return the hosts of `https://` URLs in variables of functions' latest versions, sorted."""
    found = (
        UnservedHost(each.latest.function_name, variable, host)
        for region in list(lambda_backends[account])
        for each in lambda_of(account, region).functions
        for variable, value in each.latest.environment_vars.items()
        if (host := _https_host(value))
    )
    return tuple(sorted(found, key=lambda each: (each.host, each.function, each.variable)))


def _https_host(value: str) -> str | None:
    try:
        url = urlsplit(value)
        return url.hostname if url.scheme == "https" else None
    except ValueError:
        return None
