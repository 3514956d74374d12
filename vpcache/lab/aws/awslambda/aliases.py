"""Aliases: names for versions of a function."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException

from vpcache.lab.aws.awslambda.errors import UntypedValueError
from vpcache.lab.functions.spec import LATEST


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias; a weight from 0 to 1 may route a share of its invocations to a second version."""

    name: str
    version: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)  # by version; at most one
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        if not self.weights:
            return
        if len(self.weights) > 1:
            raise InvalidParameterValueException(
                "Number of items in AdditionalVersionWeights cannot be greater than 1"
            )
        if LATEST in (self.version, *self.weights):
            raise UntypedValueError("$LATEST is not supported for an alias pointing to more than 1 version")
        if self.version in self.weights:
            raise InvalidParameterValueException(
                f"Invalid function version {self.version}. Function version {self.version} is already "
                "included in routing configuration."
            )
        if not all(0 <= weight <= 1 for weight in self.weights.values()):
            raise InvalidParameterValueException("The weight of a version must be from 0 to 1.")

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that invocations are routed to."""
        return (self.version, *self.weights)

    def choose(self) -> str:
        """Return the version for an invocation, chosen by weight."""
        for version, weight in self.weights.items():
            if random.random() < weight:  # noqa: S311  # routing, not cryptography
                return version
        return self.version

    def describe(self, function_arn: str) -> dict[str, Any]:
        """Return the alias as the API shows it."""
        routing = {"RoutingConfig": {"AdditionalVersionWeights": dict(self.weights)}} if self.weights else {}
        return {
            "AliasArn": f"{function_arn}:{self.name}",
            "Name": self.name,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision_id,
        } | routing
