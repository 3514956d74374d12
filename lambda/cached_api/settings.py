"""The settings of the function, from its environment variables. README.md lists them."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from memcached.discovery import Node
from routes import is_prefix

MONTH = 30 * 24 * 3600  # memcached interprets a longer time to live as a date
_MAX_PREFIX_LENGTH = 200
_NAME = r"[A-Za-z0-9._~-]{1,64}"
_USER = r"arn:aws[a-z-]*:iam::[0-9]{12}:user/[A-Za-z0-9_+=,.@/-]+"
_SESSION = r"arn:aws[a-z-]*:sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]+/([A-Za-z0-9_+=,.@-]+|\*)"
_NONE: Mapping = MappingProxyType({})


class SettingsError(Exception):
    """An environment variable is missing or invalid; the message says which and what to set."""


class Settings(NamedTuple):
    """Times are in seconds.

    A value is fresh for `ttl`. For `stale` more it is served to callers that would have to wait, and to all
    while the origin fails. `path_ttls` has other values of both, `origins` other base URLs, by prefix of the
    path. `origin_limit` limits one fetch with all its retries. The timeouts of the cache have no environment
    variable; a node in the same region replies within 2 ms.
    """

    endpoint: Node
    tls: bool
    origin_url: str
    ttl: int = 300
    stale: int = 3600
    origin_limit: int = 5
    path_ttls: Mapping[str, tuple[int, int]] = _NONE
    origins: Mapping[str, str] = _NONE
    query_parameters: tuple[str, ...] = ()
    stale_while_revalidate: int = 0
    stale_if_error: int = 0
    purge_callers: tuple[str, ...] = ()
    purge_token: bytes = b""
    purge_prefixes: tuple[str, ...] = ()
    purge_check: int = 1
    connect_timeout: float = 0.15
    response_timeout: float = 0.15
    discovery_timeout: float = 0.3

    @property
    def can_purge(self):
        """Whether any caller may purge."""
        return bool(self.purge_callers or self.purge_token)


def from_environment(variables):
    """Read the environment variables. Raises SettingsError for the first invalid one."""
    default = Settings._field_defaults
    ttl = _seconds(variables, "TTL_SECONDS", 1, default["ttl"])
    stale = _seconds(variables, "STALE_SECONDS", 0, default["stale"])
    if ttl + stale > MONTH:
        raise SettingsError(f"TTL_SECONDS and STALE_SECONDS must not exceed {MONTH} together")
    settings = Settings(
        endpoint=_endpoint(variables.get("CACHE_ENDPOINT", "")),
        tls=_flag(variables, "CACHE_TLS"),
        origin_url=_url("ORIGIN_URL", variables.get("ORIGIN_URL", "")),
        ttl=ttl,
        stale=stale,
        origin_limit=_seconds(variables, "ORIGIN_LIMIT_SECONDS", 1, default["origin_limit"]),
        path_ttls=_by_prefix(variables, "PATH_TTLS", lambda name, text: _lifetime(name, text, stale)),
        origins=_by_prefix(variables, "ORIGINS", _url),
        query_parameters=_matching(variables, "QUERY_PARAMETERS", _is_name, "letters, digits, . _ ~ -"),
        stale_while_revalidate=_seconds(variables, "STALE_WHILE_REVALIDATE_SECONDS", 0, 0),
        stale_if_error=_seconds(variables, "STALE_IF_ERROR_SECONDS", 0, 0),
        purge_callers=_matching(
            variables,
            "PURGE_CALLERS",
            _is_principal,
            "the ARN of a user, or of an assumed role with a session or *",
        ),
        purge_token=_digest(variables, "PURGE_TOKEN_SHA256"),
        purge_prefixes=_matching(variables, "PURGE_PREFIXES", _is_short_prefix, "paths such as /employees"),
        purge_check=_seconds(variables, "PURGE_CHECK_SECONDS", 0, default["purge_check"]),
    )
    if settings.purge_prefixes and not settings.can_purge:
        raise SettingsError("PURGE_PREFIXES must be empty without PURGE_CALLERS and PURGE_TOKEN_SHA256")
    return settings


def _endpoint(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise SettingsError(f"CACHE_ENDPOINT is {text!r}: it must be host:port of the configuration endpoint")
    return Node(host, int(port))


def _url(name, text):
    try:
        parts = urlsplit(text)
        is_base = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of the port, or an IPv6 address
        is_base = False
    if not is_base or "@" in parts.netloc or parts.query or parts.fragment or not text.isprintable():
        raise SettingsError(
            f"{name} has {text!r}: it must be a URL such as https://api.example.com/v1, without user, query "
            "and fragment"
        )
    return text.rstrip("/")


def _flag(variables, name):
    text = variables.get(name, "false")
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is {text!r}: it must be true or false")
    return text == "true"


def _seconds(variables, name, minimum, default):
    text = variables.get(name, str(default))
    if not _is_number(text) or int(text) < minimum:
        raise SettingsError(f"{name} is {text!r}: it must be whole seconds, at least {minimum}")
    return int(text)


def _is_number(text):
    return text.isdecimal() and len(text) < 10


def _lifetime(name, text, default_stale):
    """Return the seconds fresh and stale of a text such as 60 or 60,600."""
    ttl, comma, stale = text.partition(",")
    stale = stale if comma else str(default_stale)
    if not (_is_number(ttl) and _is_number(stale)) or int(ttl) < 1 or int(ttl) + int(stale) > MONTH:
        raise SettingsError(
            f"{name} has {text!r}: it must be TTL or TTL,STALE in whole seconds, TTL at least 1, "
            f"together at most {MONTH}"
        )
    return int(ttl), int(stale)


def _by_prefix(variables, name, parse):
    """Return the parsed values of a list such as `/a=1 /b=2`, by prefix."""
    values = {}
    for item in variables.get(name, "").split():
        prefix, equals, text = item.partition("=")
        if not equals or not is_prefix(prefix):
            raise SettingsError(f"{name} has {item!r}: it must be PREFIX=VALUE, the prefix as in /employees")
        if prefix in values:
            raise SettingsError(f"{name} has {prefix} twice: it must be there once")
        values[prefix] = parse(name, text)
    return values


def _matching(variables, name, is_valid, expected):
    """Return the items of a list separated by spaces."""
    items = variables.get(name, "").split()
    for item in items:
        if not is_valid(item):
            raise SettingsError(f"{name} has {item!r}: it must be {expected}")
    return tuple(items)


def _is_name(text):
    return re.fullmatch(_NAME, text)


def _is_principal(text):
    return re.fullmatch(f"{_USER}|{_SESSION}", text)


def _is_short_prefix(text):
    return len(text) <= _MAX_PREFIX_LENGTH and is_prefix(text)


def _digest(variables, name):
    text = variables.get(name, "")
    if not text:
        return b""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise SettingsError(f"{name} must be the SHA-256 of the token, 64 hexadecimal digits")
    return bytes.fromhex(text)
