"""What holds for a function's events: how they are tried again, and who is told what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.awslambda.exceptions import ValidationException
from moto.core.utils import utcnow

from vpcache.lab.aws.awslambda.invocation.retries import RetryPolicy
from vpcache.lab.aws.awslambda.invocation.targets import check_destination

_RETRIES, _AGE, _DESTINATIONS = "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"
_RANGES = {_RETRIES: (0, 2), _AGE: (60, 21600)}


@dataclass(frozen=True, slots=True)
class EventConfig:
    """The settings of one qualifier's events, as PutFunctionEventInvokeConfig names them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    changed: datetime = field(default_factory=utcnow)

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            if not least <= self.values.get(name, least) <= most:
                raise ValidationException(
                    str(self.values[name]),
                    name[0].lower() + name[1:],
                    f"Member must have value from {least} to {most}",
                )
        for arn in (self.on_success, self.on_failure):
            if arn:
                check_destination(arn)

    @classmethod
    def of(cls, request: Mapping[str, Any], old: EventConfig | None = None) -> EventConfig:
        """Return the settings that a request names; those that it does not name stay as in `old`."""
        named = {name: request[name] for name in (_RETRIES, _AGE, _DESTINATIONS) if name in request}
        return cls({**(old.values if old else {}), **named})

    @property
    def retry_policy(self) -> RetryPolicy:
        """How events that failed are tried again."""
        usual = RetryPolicy()
        return RetryPolicy(self.values.get(_RETRIES, usual.max_retries), self.values.get(_AGE, usual.max_age))

    @property
    def on_success(self) -> str | None:
        """Where records of events that succeeded go: an ARN."""
        return self._destination("OnSuccess")

    @property
    def on_failure(self) -> str | None:
        """Where records of events that were given up go: an ARN."""
        return self._destination("OnFailure")

    def describe(self, arn: str) -> dict[str, Any]:
        """Return the settings as the API shows them, for a function's qualified ARN."""
        usual: dict[str, Any] = {_DESTINATIONS: {"OnSuccess": {}, "OnFailure": {}}}
        return {**usual, **self.values, "FunctionArn": arn, "LastModified": self.changed}

    def _destination(self, outcome: str) -> str | None:
        config = self.values.get(_DESTINATIONS) or {}
        return (config.get(outcome) or {}).get("Destination") or None
