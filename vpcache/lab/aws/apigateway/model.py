"""HTTP APIs and their resources: immutable, so that a deployment is what they were at a time. Pure.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

DEFAULT = "$default"
"""The name of the stage without a path, and the key of the route for all other requests."""
API_KEY_EXPRESSION = "$request.header.x-api-key"
ROUTE_EXPRESSION = "$request.method $request.path"
NO_ROUTES = "Unable to deploy API because no routes exist in this API"
_AUTOMATIC = "Automatic deployment triggered by changes to the Api configuration"
_ALPHABET = string.ascii_lowercase + string.digits
_API_ID_LENGTH = 10
_ID_LENGTH = 7
_DEPLOYMENT_ID_LENGTH = 6


def now() -> datetime:
    """Return the time of a change."""
    return datetime.now(UTC).replace(microsecond=0)


def _new_id(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _given(**members: Any) -> dict[str, Any]:
    """Return the members that have a value; an empty text or structure is none."""
    return {name: value for name, value in members.items() if value not in (None, "", {}, [])}


@dataclass(frozen=True, slots=True)
class Integration:
    """What a route invokes: the function with the ARN `uri`."""

    uri: str
    payload_version: str = "1.0"
    timeout: int = 30_000  # milliseconds
    method: str = "POST"
    description: str = ""
    type: str = "AWS_PROXY"
    connection_type: str = "INTERNET"
    id: str = field(default_factory=lambda: _new_id(_ID_LENGTH))

    def describe(self) -> dict[str, Any]:
        """Return the integration as the API shows it."""
        return _given(
            connectionType=self.connection_type,
            description=self.description,
            integrationId=self.id,
            integrationMethod=self.method,
            integrationType=self.type,
            integrationUri=self.uri,
            payloadFormatVersion=self.payload_version,
            timeoutInMillis=self.timeout,
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A route: `key` is `$default` or a method with a path."""

    key: str
    target: str = ""  # "integrations/ID"
    authorization_type: str = "NONE"  # or "AWS_IAM"
    operation_name: str = ""
    id: str = field(default_factory=lambda: _new_id(_ID_LENGTH))

    @property
    def integration_id(self) -> str:
        """The ID of the integration, empty without a target."""
        return self.target.removeprefix("integrations/")

    def describe(self) -> dict[str, Any]:
        """Return the route as the API shows it."""
        return _given(
            apiKeyRequired=False,
            authorizationType=self.authorization_type,
            operationName=self.operation_name,
            routeId=self.id,
            routeKey=self.key,
            target=self.target,
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """The routes, integrations and CORS configuration of an API at a time; integrations are by ID."""

    routes: tuple[Route, ...]
    integrations: Mapping[str, Integration]
    cors: Mapping[str, Any] | None
    is_automatic: bool = False
    description: str = ""
    created: datetime = field(default_factory=now)
    id: str = field(default_factory=lambda: _new_id(_DEPLOYMENT_ID_LENGTH))

    def describe(self) -> dict[str, Any]:
        """Return the deployment as the API shows it."""
        return _given(
            autoDeployed=self.is_automatic,
            createdDate=_time(self.created),
            deploymentId=self.id,
            deploymentStatus="DEPLOYED",
            description=self.description,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: a named reference to a deployment, with settings. Settings are as the API shows them."""

    name: str
    deployment_id: str = ""
    auto_deploy: bool = False
    access_log: Mapping[str, str] = field(default_factory=dict)
    default_settings: Mapping[str, Any] = field(default_factory=lambda: {"detailedMetricsEnabled": False})
    route_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by route key
    variables: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)

    def describe(self) -> dict[str, Any]:
        """Return the stage as the API shows it."""
        return {
            **_given(
                accessLogSettings=self.access_log,
                autoDeploy=self.auto_deploy,
                createdDate=_time(self.created),
                defaultRouteSettings=self.default_settings,
                deploymentId=self.deployment_id,
                description=self.description,
                lastUpdatedDate=_time(self.updated),
                stageName=self.name,
            ),
            **({"lastDeploymentStatusMessage": self._status_message} if self.auto_deploy else {}),
            "routeSettings": self.route_settings,
            "stageVariables": self.variables,
            "tags": self.tags,
        }

    @property
    def _status_message(self) -> str:
        if not self.deployment_id:
            return f"Deployment attempt failed: {NO_ROUTES}"
        return f"Successfully deployed stage with deployment ID '{self.deployment_id}'"


@dataclass(frozen=True, slots=True)
class HttpApi:
    """An HTTP API with its resources by ID, stages by name."""

    name: str
    account: str
    region: str
    cors: Mapping[str, Any] | None = None
    description: str = ""
    is_disabled: bool = False  # its default endpoint
    version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    integrations: Mapping[str, Integration] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    created: datetime = field(default_factory=now)
    id: str = field(default_factory=lambda: _new_id(_API_ID_LENGTH))

    @property
    def hostname(self) -> str:
        """The host name of the default endpoint."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    @property
    def arn(self) -> str:
        """The ARN of the API as a resource of API Gateway, which has no account."""
        return f"arn:aws:apigateway:{self.region}::/apis/{self.id}"

    def deployment(self, *, is_automatic: bool = False, description: str = "") -> Deployment:
        """Return a new deployment of the present routes."""
        return Deployment(
            tuple(self.routes.values()), dict(self.integrations), self.cors, is_automatic, description
        )

    def deployed(self) -> HttpApi:
        """Return the API after a change: each stage with automatic deployment has a new one.

        Automatic deployments that no stage refers to any more are gone.
        """
        if not self.routes or not any(stage.auto_deploy for stage in self.stages.values()):
            return self
        deployment = self.deployment(is_automatic=True, description=_AUTOMATIC)
        stages = {
            name: replace(stage, deployment_id=deployment.id) if stage.auto_deploy else stage
            for name, stage in self.stages.items()
        }
        used = {stage.deployment_id for stage in stages.values()}
        kept = {
            each.id: each for each in self.deployments.values() if not each.is_automatic or each.id in used
        }
        return replace(self, stages=stages, deployments={**kept, deployment.id: deployment})

    def describe(self) -> dict[str, Any]:
        """Return the API as the API shows it."""
        return {
            **_given(
                apiEndpoint=f"https://{self.hostname}",
                apiId=self.id,
                apiKeySelectionExpression=API_KEY_EXPRESSION,
                corsConfiguration=self.cors,
                createdDate=_time(self.created),
                description=self.description,
                disableExecuteApiEndpoint=self.is_disabled,
                ipAddressType="ipv4",
                name=self.name,
                protocolType="HTTP",
                routeSelectionExpression=ROUTE_EXPRESSION,
                version=self.version,
            ),
            "tags": self.tags,
        }
