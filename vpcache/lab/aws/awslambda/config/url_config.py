"""The configurations of function URLs.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionUrlConfig.html
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 32


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class FunctionUrlConfig:
    """The URL of a function or, with a qualifier, of an alias; `address` is the IP address of its host."""

    region: str
    function_arn: str  # with the alias, if there is one
    qualifier: str | None
    address: IPv4Address
    auth_type: str = "NONE"  # or "AWS_IAM"
    url_id: str = field(default_factory=lambda: "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)))
    created: str = field(default_factory=_now)
    modified: str = field(default_factory=_now)
    cors: Mapping[str, Any] = field(default_factory=dict)  # as requested

    @property
    def hostname(self) -> str:
        """The hostname of the URL."""
        return f"{self.url_id}.lambda-url.{self.region}.on.aws"

    def updated(self, parameters: Mapping[str, Any]) -> FunctionUrlConfig:
        """Return the configuration with the parameters of an update and a new modification time."""
        cors = parameters.get("Cors")
        return replace(
            self,
            modified=_now(),
            auth_type=parameters.get("AuthType") or self.auth_type,
            cors=self.cors if cors is None else cors,
        )

    def describe(self) -> dict[str, Any]:
        """Return the configuration as the API shows it."""
        return {
            "FunctionUrl": f"https://{self.hostname}/",
            "FunctionArn": self.function_arn,
            "AuthType": self.auth_type,
            **({"Cors": self.cors} if self.cors else {}),
            "InvokeMode": "BUFFERED",
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }


def check_url_parameters(parameters: dict[str, Any]) -> None:
    """Raise NotImplementedError for parameters that the lab does not support."""
    if parameters.get("InvokeMode", "BUFFERED") != "BUFFERED":
        raise NotImplementedError("Only function URLs with InvokeMode BUFFERED are supported.")
