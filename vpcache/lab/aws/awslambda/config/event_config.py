"""The configuration of asynchronous invocations: retries and destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, ValidationException
from moto.core.utils import utcnow

from vpcache.lab.aws.awslambda.config.retries import RetryPolicy
from vpcache.lab.aws.awslambda.config.targets import is_destination

_RETRIES, _AGE, _DESTINATIONS = "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"
_RANGES = {_RETRIES: (0, 2), _AGE: (60, 21600)}


@dataclass(frozen=True, slots=True)
class EventConfig:
    """The parameters of PutFunctionEventInvokeConfig for one qualifier."""

    values: Mapping[str, Any] = field(default_factory=dict)
    changed: datetime = field(default_factory=utcnow)

    def __post_init__(self) -> None:
        for name, (minimum, maximum) in _RANGES.items():
            if not minimum <= self.values.get(name, minimum) <= maximum:
                raise ValidationException(
                    str(self.values[name]),
                    name[0].lower() + name[1:],
                    f"Member must have value from {minimum} to {maximum}",
                )
        for arn in filter(None, (self.on_success, self.on_failure)):
            if not is_destination(arn):
                raise InvalidParameterValueException(
                    f"The provided destination config {self._shown_destinations()} is invalid."
                )

    @classmethod
    def of(cls, request: Mapping[str, Any], old: EventConfig | None = None) -> EventConfig:
        """Return the configuration of a request; parameters that are not set keep their values in `old`.

        Raises InvalidParameterValueException if the request sets none.
        """
        changes = {name: request[name] for name in (_RETRIES, _AGE, _DESTINATIONS) if name in request}
        if not changes:
            raise InvalidParameterValueException(
                "You must specify at least one of error handling or destination setting."
            )
        return cls({**(old.values if old else {}), **changes})

    @property
    def retry_policy(self) -> RetryPolicy:
        """The retry policy for failed events."""
        default = RetryPolicy()
        return RetryPolicy(
            self.values.get(_RETRIES, default.max_retries), self.values.get(_AGE, default.max_age)
        )

    @property
    def on_success(self) -> str | None:
        """The ARN of the destination for records of successful events."""
        return self._destination("OnSuccess")

    @property
    def on_failure(self) -> str | None:
        """The ARN of the destination for records of events that were discarded after failures."""
        return self._destination("OnFailure")

    def describe(self, arn: str) -> dict[str, Any]:
        """Return the configuration as the API shows it, for a function's qualified ARN."""
        targets = {"OnSuccess": self.on_success, "OnFailure": self.on_failure}
        destinations = {outcome: {"Destination": each} if each else {} for outcome, each in targets.items()}
        return {
            **self.values,
            _DESTINATIONS: destinations,
            "FunctionArn": arn,
            "LastModified": self.changed,
        }

    def _shown_destinations(self) -> str:
        """Return the destinations as AWS's errors show them."""
        config = self.values[_DESTINATIONS]
        texts = [
            f"{outcome[0].lower()}{outcome[1:]}="
            + (f"{outcome}(destination={self._destination(outcome)})" if outcome in config else "null")
            for outcome in ("OnSuccess", "OnFailure")
        ]
        return f"DestinationConfig({', '.join(texts)})"

    def _destination(self, outcome: str) -> str | None:
        config = self.values.get(_DESTINATIONS) or {}
        return (config.get(outcome) or {}).get("Destination") or None
