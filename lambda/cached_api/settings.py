"""The settings of the function, from its environment variables."""

from typing import NamedTuple
from urllib.parse import urlsplit

from memcached.discovery import Node

_MONTH = 30 * 24 * 3600  # memcached interprets a longer time to live as a date


class SettingsError(Exception):
    """An environment variable is missing or invalid; the message says which and what to set."""


class Settings(NamedTuple):
    """Times are in seconds.

    A value is fresh for `ttl`. For `stale` more it is served to callers that would have to wait, and to all
    while the origin fails. `origin_limit` limits one fetch with all its retries. The timeouts of the cache
    have no environment variable; a node in the same region replies within 2 ms.
    """

    endpoint: Node
    tls: bool
    origin_url: str
    ttl: int = 300
    stale: int = 3600
    origin_limit: int = 5
    connect_timeout: float = 0.15
    response_timeout: float = 0.15
    discovery_timeout: float = 0.3


def from_environment(variables):
    """Read CACHE_ENDPOINT (host:port), CACHE_TLS (true or false), ORIGIN_URL, TTL_SECONDS, STALE_SECONDS and
    ORIGIN_LIMIT_SECONDS. Raises SettingsError.
    """
    origin_url = variables.get("ORIGIN_URL", "")
    if urlsplit(origin_url).scheme not in ("http", "https") or not urlsplit(origin_url).hostname:
        raise SettingsError(
            f"ORIGIN_URL is {origin_url!r}: it must be a URL such as https://api.example.com/v1"
        )
    default = Settings._field_defaults
    settings = Settings(
        _endpoint(variables.get("CACHE_ENDPOINT", "")),
        _flag(variables, "CACHE_TLS"),
        origin_url,
        _seconds(variables, "TTL_SECONDS", 1, default["ttl"]),
        _seconds(variables, "STALE_SECONDS", 0, default["stale"]),
        _seconds(variables, "ORIGIN_LIMIT_SECONDS", 1, default["origin_limit"]),
    )
    if settings.ttl + settings.stale > _MONTH:
        raise SettingsError(f"TTL_SECONDS and STALE_SECONDS must not exceed {_MONTH} together")
    return settings


def _endpoint(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise SettingsError(f"CACHE_ENDPOINT is {text!r}: it must be host:port of the configuration endpoint")
    return Node(host, int(port))


def _flag(variables, name):
    text = variables.get(name, "false")
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is {text!r}: it must be true or false")
    return text == "true"


def _seconds(variables, name, minimum, default):
    text = variables.get(name, str(default))
    if not text.isdecimal() or int(text) < minimum:
        raise SettingsError(f"{name} is {text!r}: it must be whole seconds, at least {minimum}")
    return int(text)
