"""A version of a function."""

from __future__ import annotations

import base64
import copy
import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction

from vpcache.lab.aws.awslambda.errors import ResourceConflictError
from vpcache.lab.aws.awslambda.layers.access import check_total_size
from vpcache.lab.aws.awslambda.layers.store import LayerVersion
from vpcache.lab.aws.awslambda.names import function_arn
from vpcache.lab.aws.awslambda.packages.code import code_of
from vpcache.lab.aws.ec2.backend import ec2_of
from vpcache.lab.aws.transitions import Transition
from vpcache.lab.functions.spec import LATEST, LogSettings, runtime_version_arn

PENDING, ACTIVE = "Pending", "Active"  # a function's states
UPDATING, UPDATED = "InProgress", "Successful"  # the statuses of its last update


class Placement(NamedTuple):
    """Where a function has an interface; functions with the same placement share it."""

    subnet_id: str
    group_ids: frozenset[str]
    has_ipv6: bool


_ATTRIBUTES = {
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
"""The attributes that UpdateFunctionConfiguration replaces, by parameter."""

_IGNORED = {"FunctionArn", "LastModified", "RevisionId", "Version"}
"""Members of a configuration that versions are not compared by."""
_STATES = ("State", "LastUpdateStatus")  # how the names of the members about transitions start

_LOG_LEVELS = ("ApplicationLogLevel", "SystemLogLevel")
_CREATING = {"Reason": "The function is being created.", "ReasonCode": "Creating"}
"""The reason of State or LastUpdateStatus during a transition, also during updates."""


class FunctionVersion(LambdaFunction):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A version of a function: $LATEST, which can be updated, or a published version, which is immutable."""

    def __init__(
        self, account_id: str, region: str, spec: dict[str, Any], layers: tuple[LayerVersion, ...] = ()
    ) -> None:
        self.layer_versions = layers
        super().__init__(account_id, {**spec, "Layers": []}, region, LATEST)
        self.set_layers(layers)
        self._has_environment = "Environment" in spec
        self.logging_config: dict[str, str] = {}
        self._set_logging(spec.get("LoggingConfig") or {})
        self.dead_letter_config: dict[str, str] = spec.get("DeadLetterConfig") or {}
        self.transition = Transition()
        self._touch()

    def set_layers(self, layers: tuple[LayerVersion, ...]) -> None:
        """Replace the layers; a version that is deleted later stays usable."""
        check_total_size(self.code_bytes, layers)
        self.layer_versions = layers
        self.layers = [each.reference() for each in layers]

    @property
    def revision_id(self) -> str:
        """The current revision; it changes when a transition ends, too."""
        return self._revisions[self.transition.is_over]

    @property
    def base_arn(self) -> str:
        """The function's ARN, without a version."""
        return function_arn(self.region, self.account_id, self.function_name)

    @property
    def vpc_config(self) -> dict[str, Any]:
        """The VPC configuration as the API shows it; the lists are empty outside a VPC."""
        placements = self.placements()
        first = placements[0] if placements else None
        subnet = ec2_of(self.account_id, self.region).get_subnet(first.subnet_id) if first else None
        return {
            "SubnetIds": [placement.subnet_id for placement in placements],
            "SecurityGroupIds": sorted(first.group_ids) if first else [],
            "VpcId": subnet.vpc_id if subnet else "",
            "Ipv6AllowedForDualStack": bool(first and first.has_ipv6),
        }

    def placements(self) -> list[Placement]:
        """Return the placements of the function's interfaces, one per subnet."""
        return placements_of(self._vpc_config or {})

    @property
    def dead_letter_target(self) -> str | None:
        """The ARN of the queue or topic for failed events, None if there is none."""
        return self.dead_letter_config.get("TargetArn") or None

    @property
    def log_settings(self) -> LogSettings:
        """The logging configuration, as the runtime of functions needs it."""
        config = self.logging_config
        if config["LogFormat"] == "Text":
            return LogSettings()
        return LogSettings("JSON", config["ApplicationLogLevel"], config["SystemLogLevel"])

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """Return the configuration as the API shows it."""
        version_arn = runtime_version_arn(self.partition, self.region, str(self.run_time))
        return self.listed_configuration() | {
            "RuntimeVersionConfig": {"RuntimeVersionArn": version_arn},
            **self._states(),
        }

    def listed_configuration(self) -> dict[str, Any]:
        """Return the configuration as lists show it: without states and version of the runtime."""
        configuration: dict[str, Any] = super().get_configuration()
        configuration = {name: value for name, value in configuration.items() if not name.startswith(_STATES)}
        for name, is_shown in (("Layers", bool(self.layers)), ("VpcConfig", self._vpc_config is not None)):
            if not is_shown:
                del configuration[name]
        if self._has_environment:
            configuration["Environment"] = {"Variables": self.environment_vars}
        dead_letters = {"DeadLetterConfig": self.dead_letter_config} if self.dead_letter_target else {}
        common = {"LoggingConfig": self.logging_config, "RevisionId": self.revision_id}
        return configuration | dead_letters | common

    def _states(self) -> dict[str, str]:
        if self._is_pending:
            reason = {f"State{name}": text for name, text in _CREATING.items()}
            return {"State": PENDING, **reason}
        status = self.transition.state(UPDATED)
        reason = {f"LastUpdateStatus{name}": text for name, text in _CREATING.items()}
        return {"State": ACTIVE, "LastUpdateStatus": status, **(reason if status == UPDATING else {})}

    @property
    def _is_pending(self) -> bool:
        """Whether this version is being created; a published version is not updated later."""
        is_new = self.version != LATEST or self.transition.state(ACTIVE) == PENDING
        return is_new and not self.transition.is_over

    def check_active(self) -> None:
        """Raise ResourceConflictError while the function is being created."""
        if self._is_pending:
            raise ResourceConflictError(
                "The operation cannot be performed at this time. The function is currently in the following "
                f"state: {PENDING}"
            )

    def check_not_updating(self) -> None:
        """Raise ResourceConflictError while the function is being created or updated."""
        self.check_active()
        if not self.transition.is_over:
            raise ResourceConflictError(
                "The operation cannot be performed at this time. An update is in progress for resource: "
                f"{self.base_arn}"
            )

    def content(self) -> dict[str, Any]:
        """Return the part of the configuration that distinguishes versions."""
        return {name: value for name, value in self.listed_configuration().items() if name not in _IGNORED}

    def update_configuration(self, config_updates: Mapping[str, Any]) -> dict[str, Any]:
        """Update the configuration and return it. Raises InvalidParameterValueException."""
        if "LoggingConfig" in config_updates:  # first, because it may fail
            self._set_logging(config_updates["LoggingConfig"])
        for name, attribute in _ATTRIBUTES.items():
            if name in config_updates:
                setattr(self, attribute, config_updates[name])
        if "Environment" in config_updates:
            self._has_environment = True
            self.environment_vars = config_updates["Environment"].get("Variables") or {}
        if "TargetArn" in config_updates.get("DeadLetterConfig", {}):  # an empty structure changes nothing
            self.dead_letter_config = config_updates["DeadLetterConfig"]
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        self._touch()
        return self.get_configuration()

    def update_function_code(self, updated_spec: Mapping[str, Any]) -> dict[str, Any]:
        """Update the code, and its architecture if set; return the configuration."""
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        self._set_function_code(updated_spec)
        self._touch()
        return self.get_configuration()

    def published(self, number: int, description: str | None) -> FunctionVersion:
        """Return a copy as a version with this number and, if set, a description."""
        version = copy.copy(self)
        version.set_version(number)
        version.transition = copy.copy(self.transition)
        version._touch()
        self.renew_revision()
        if description:
            version.description = description
        return version

    def invoke(self, *_: Any) -> None:
        """Reject the call, by which moto's other services deliver their events."""
        raise NotImplementedError(
            "Events from other services are not emulated: invoke the function directly."
        )

    def _set_function_code(self, updated_spec: Mapping[str, Any]) -> None:
        code = code_of(updated_spec, self.account_id, self.partition)
        check_total_size(code, self.layer_versions)
        digest = hashlib.sha256(code)
        self.code_bytes = code
        self.code_size = len(code)
        self.code_sha_256 = base64.b64encode(digest.digest()).decode()
        self.code_digest = digest.hexdigest()
        self.code = {"S3Key": f"{self.function_name}-{uuid.uuid4()}"}

    def _set_logging(self, config: Mapping[str, Any]) -> None:
        """Change the members of the logging configuration that `config` sets.

        Raises InvalidParameterValueException for levels with the format Text.
        """
        default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        changes = {name: value for name, value in config.items() if value}
        merged = default | self.logging_config | changes
        is_json = merged["LogFormat"] == "JSON"
        if not is_json and changes.keys() & set(_LOG_LEVELS):
            raise InvalidParameterValueException(
                'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your '
                'request or change the LogFormat to "JSON" and try again.'
            )
        levels = {name: merged.pop(name, "INFO") for name in _LOG_LEVELS}
        self.logging_config = merged | (levels if is_json else {})
        self.logs_group_name = self.logging_config["LogGroup"]

    def renew_revision(self) -> None:
        """Set a new revision, and the one that follows when the current transition ends."""
        self._revisions = (str(uuid.uuid4()), str(uuid.uuid4()))

    def _touch(self) -> None:
        self.renew_revision()
        # AWS shows milliseconds and the offset without a colon
        self.last_modified = f"{datetime.now(UTC).isoformat(timespec='milliseconds')[:-6]}+0000"


def placements_of(vpc_config: Mapping[str, Any]) -> list[Placement]:
    """Return the placements of a VpcConfig, one per subnet."""
    groups = frozenset(vpc_config.get("SecurityGroupIds") or ())
    has_ipv6 = bool(vpc_config.get("Ipv6AllowedForDualStack"))
    return [Placement(each, groups, has_ipv6) for each in sorted(set(vpc_config.get("SubnetIds") or ()))]
