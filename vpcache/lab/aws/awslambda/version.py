"""One version of a function, as Lambda's API shows it."""

from __future__ import annotations

import base64
import copy
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.core.utils import iso_8601_datetime_with_nanoseconds

from vpcache.lab.aws.awslambda.code import code_of
from vpcache.lab.aws.awslambda.errors import ResourceConflictError
from vpcache.lab.aws.awslambda.names import function_arn
from vpcache.lab.aws.ec2.backend import backend_of
from vpcache.lab.aws.transitions import Transition
from vpcache.lab.functions.spec import LATEST

PENDING, ACTIVE = "Pending", "Active"  # a function's states
UPDATING, UPDATED = "InProgress", "Successful"  # and what became of its last update

Place = tuple[str, frozenset[str]]
"""A subnet and a set of security groups: what functions share interfaces by."""

_SETTINGS = {
    "DeadLetterConfig": "dead_letter_config",
    "Description": "description",
    "Handler": "handler",
    "KMSKeyArn": "kms_key_arn",
    "MemorySize": "memory_size",
    "Role": "role",
    "Runtime": "run_time",
    "Timeout": "timeout",
    "TracingConfig": "tracing_config",
    "VpcConfig": "_vpc_config",
}
"""What UpdateFunctionConfiguration replaces as a whole: by its parameters, the attributes."""

_PASSING = {"FunctionArn", "LastModified", "LastUpdateStatus", "RevisionId", "Version"}
"""What makes no version another; so does whatever begins with `State`."""


class FunctionVersion(LambdaFunction):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A version of a function: $LATEST, which can change, or one that was published and cannot."""

    def __init__(self, account_id: str, region: str, spec: dict[str, Any]) -> None:
        super().__init__(account_id=account_id, region=region, spec=spec, version=LATEST)
        self._set_logging(spec.get("LoggingConfig") or {})
        self.dead_letter_config: dict[str, str] = spec.get("DeadLetterConfig") or {}
        self.transition = Transition()
        self._touch()

    @property
    def base_arn(self) -> str:
        """The function's ARN, without a version."""
        return function_arn(self.region, self.account_id, self.function_name)

    @property
    def vpc_config(self) -> dict[str, Any]:
        """The function's place in a VPC; empty lists outside of one."""
        places = self.places()
        subnet = backend_of(self.account_id, self.region).get_subnet(places[0][0]) if places else None
        return {
            "SubnetIds": [subnet_id for subnet_id, _ in places],
            "SecurityGroupIds": sorted(places[0][1]) if places else [],
            "VpcId": subnet.vpc_id if subnet else "",
            "Ipv6AllowedForDualStack": False,
        }

    def places(self) -> list[Place]:
        """Return where the function needs an interface, one place per subnet."""
        return places_of(self._vpc_config or {})

    @property
    def dead_letter_target(self) -> str | None:
        """Where failed events go: the ARN of a queue or a topic. An empty one takes the setting back."""
        return self.dead_letter_config.get("TargetArn") or None

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """Return the configuration as the API shows it."""
        shown: dict[str, Any] = super().get_configuration(on_create)
        dead_letters = {"DeadLetterConfig": self.dead_letter_config} if self.dead_letter_target else {}
        rest = {"LoggingConfig": self.logging_config, "RevisionId": self.revision_id}
        return shown | dead_letters | rest | self._states()

    def _states(self) -> dict[str, str]:
        if self.transition.state(ACTIVE) == PENDING:
            reason = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
            return {"State": PENDING, "LastUpdateStatus": UPDATED, **reason}
        return {"State": ACTIVE, "LastUpdateStatus": self.transition.state(UPDATED)}

    def check_active(self) -> None:
        """Raise ResourceConflictError if the function is still being made."""
        if self.transition.state(ACTIVE) == PENDING:
            raise ResourceConflictError(
                "The operation cannot be performed at this time. The function is currently in the following "
                f"state: {PENDING}"
            )

    def check_settled(self) -> None:
        """Raise ResourceConflictError if the function is still being made or changed."""
        self.check_active()
        if not self.transition.is_over:
            raise ResourceConflictError(
                "The operation cannot be performed at this time. An update is in progress for resource: "
                f"{self.base_arn}"
            )

    def content(self) -> dict[str, Any]:
        """Return what two versions differ in, if they differ."""
        return {
            name: value
            for name, value in self.get_configuration().items()
            if name not in _PASSING and not name.startswith("State")
        }

    def update_configuration(self, config_updates: Mapping[str, Any]) -> dict[str, Any]:
        """Change the configuration."""
        for name, attribute in _SETTINGS.items():
            if name in config_updates:
                setattr(self, attribute, config_updates[name])
        if "Environment" in config_updates:
            self.environment_vars = config_updates["Environment"].get("Variables") or {}
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "LoggingConfig" in config_updates:
            self._set_logging(config_updates["LoggingConfig"])
        self._touch()
        return self.get_configuration()

    def update_function_code(self, updated_spec: Mapping[str, Any]) -> dict[str, Any]:
        """Change the code, and the architecture that it is for."""
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        self._set_function_code(updated_spec)
        self._touch()
        return self.get_configuration()

    def published(self, number: int, description: str | None) -> FunctionVersion:
        """Return the state of now as a version of this number, with its own description if one is given."""
        version = copy.copy(self)
        version.set_version(number)
        version._touch()
        if description:
            version.description = description
        return version

    def invoke(self, *_: Any) -> None:
        """Refuse: other services of moto's call this in the place of their own events."""
        raise NotImplementedError("Events of other services for functions: invoke the function itself.")

    def _set_function_code(self, updated_spec: Mapping[str, Any]) -> None:
        code = code_of(updated_spec, self.account_id, self.partition)
        digest = hashlib.sha256(code)
        self.code_bytes = code
        self.code_size = len(code)
        self.code_sha_256 = base64.b64encode(digest.digest()).decode()
        self.code_digest = digest.hexdigest()
        self.code = {"S3Key": f"{self.function_name}-{uuid.uuid4()}"}

    def _set_logging(self, wanted: Mapping[str, Any]) -> None:
        self.logs_group_name = wanted.get("LogGroup") or f"/aws/lambda/{self.function_name}"
        self.logging_config = {"LogFormat": "Text", **wanted, "LogGroup": self.logs_group_name}

    def _touch(self) -> None:
        self.revision_id = str(uuid.uuid4())
        self.last_modified = iso_8601_datetime_with_nanoseconds()


def places_of(vpc_config: Mapping[str, Any]) -> list[Place]:
    """Return where a function of this VpcConfig needs an interface, one place per subnet."""
    groups = frozenset(vpc_config.get("SecurityGroupIds") or ())
    return [(subnet_id, groups) for subnet_id in sorted(set(vpc_config.get("SubnetIds") or ()))]
