"""Origins: HTTPS hosts that a user adds to the lab's internet. Pure data, which client and daemon share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from vpcache.lab.errors import LabError

MAX_DELAY = 60.0  # seconds
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def normalized(name: str) -> str:
    """Return a host name as origins have it: in lower case, without the dot of the root at its end."""
    return name.lower().rstrip(".")


@dataclass(frozen=True, slots=True)
class Origin:
    """An HTTPS host called `name`, which answers in one of three ways.

    It serves the files of `folder`, an absolute path; or passes requests on to `port` of the host's
    127.0.0.1; or answers each request with the HTTP status `status` and no body. Each answer comes after
    `delay` seconds.
    """

    name: str
    folder: str | None = None
    port: int | None = None
    status: int | None = None
    delay: float = 0.0

    @classmethod
    def create(
        cls,
        name: Any,
        folder: Any = None,
        port: Any = None,
        status: Any = None,
        delay: Any = 0.0,
    ) -> Origin:
        """Return a valid origin. Raises LabError that names the invalid value and what it must be."""
        origin = cls(normalized(str(name)), folder, port, status, delay)
        for problem in origin._problems():
            raise LabError(problem)
        return origin

    @property
    def label(self) -> str:
        """The origin in one line: its name, and what it answers."""
        if self.folder is not None:
            source = f"serves {self.folder}"
        elif self.port is not None:
            source = f"passes requests on to 127.0.0.1:{self.port}"
        else:
            source = f"answers with status {self.status}"
        return f"https://{self.name} {source}{f' after {self.delay:g} s' if self.delay else ''}"

    def _problems(self) -> list[str]:
        given = [value for value in (self.folder, self.port, self.status) if value is not None]
        checks = (
            (
                len(self.name) <= 253 and _NAME.fullmatch(self.name) is not None,
                f"host name {self.name!r}: must be a DNS name with a domain, such as api.example.com",
            ),
            (
                len(given) == 1,
                f"origin {self.name}: needs exactly one of a folder, a port and a status, not {len(given)}",
            ),
            (
                self.folder is None
                or (isinstance(self.folder, str) and PurePosixPath(self.folder).is_absolute()),
                f"folder {self.folder!r} of origin {self.name}: must be an absolute path",
            ),
            (
                self.port is None or (type(self.port) is int and 0 < self.port < 65536),
                f"port {self.port!r} of origin {self.name}: must be a number from 1 to 65535",
            ),
            (
                self.status is None or (type(self.status) is int and 200 <= self.status <= 599),
                f"status {self.status!r} of origin {self.name}: must be a number from 200 to 599",
            ),
            (
                type(self.delay) in (int, float) and 0 <= self.delay <= MAX_DELAY,
                f"delay {self.delay!r} of origin {self.name}: must be 0 to {MAX_DELAY:g} seconds",
            ),
        )
        return [message for is_valid, message in checks if not is_valid]


@dataclass(frozen=True, slots=True)
class OriginRequest:
    """A request that reached an origin: its time in seconds since 1970, the address that it came from, and
    the status of the answer."""

    time: float
    origin: str
    caller: str
    method: str
    target: str
    status: int


@dataclass(frozen=True, slots=True)
class UnservedHost:
    """A host that an environment variable of a function names and the lab's internet does not have."""

    function: str
    variable: str
    host: str
