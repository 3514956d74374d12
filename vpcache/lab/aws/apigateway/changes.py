"""Changes of HTTP APIs by the parameters of API Gateway's operations. Pure.

An update changes the members that are given; an empty text removes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vpcache.lab.aws.apigateway.checks import (
    check_access_log,
    check_cors,
    check_integration,
    check_lengths,
    check_route,
    check_settings,
    check_stage_name,
    check_tags,
)
from vpcache.lab.aws.apigateway.errors import BadRequestError, ConflictError, NotFoundError
from vpcache.lab.aws.apigateway.model import (
    NO_ROUTES,
    Deployment,
    HttpApi,
    Integration,
    Route,
    Stage,
    now,
)

Parameters = Mapping[str, Any]
"""Parameters of a request as in its JSON document."""


def _changed(resource: Any, parameters: Parameters, fields: Mapping[str, str]) -> Any:
    """Return a resource with the parameters that are given; `fields` has the field of each parameter."""
    check_lengths(parameters)
    given = {
        fields[name]: value for name, value in parameters.items() if name in fields and value is not None
    }
    return replace(resource, **given)


# APIs

_API = {
    "corsConfiguration": "cors",
    "description": "description",
    "disableExecuteApiEndpoint": "is_disabled",
    "name": "name",
    "version": "version",
}


def changed_api(api: HttpApi, parameters: Parameters) -> HttpApi:
    """Return an API with the parameters of CreateApi or UpdateApi."""
    check_cors(parameters.get("corsConfiguration") or {})
    changed: HttpApi = _changed(api, parameters, _API)
    return changed


# integrations

_INTEGRATION = {
    "description": "description",
    "integrationMethod": "method",
    "integrationUri": "uri",
    "payloadFormatVersion": "payload_version",
    "timeoutInMillis": "timeout",
}


def with_integration(api: HttpApi, integration: Integration, parameters: Parameters) -> HttpApi:
    """Return an API with a new or changed integration."""
    changed: Integration = _changed(integration, parameters, _INTEGRATION)
    check_integration(changed.uri, changed.payload_version)
    return replace(api, integrations={**api.integrations, changed.id: changed})


def without_integration(api: HttpApi, integration_id: str) -> HttpApi:
    """Return an API without an integration. Raises ConflictError if a route has it."""
    routes = [route.id for route in api.routes.values() if route.integration_id == integration_id]
    if routes:
        raise ConflictError(
            "Cannot delete Integration because it is referenced by the following Routes with Ids: "
            f"[{', '.join(routes)}]"
        )
    return replace(api, integrations=_without(api.integrations, integration_id, "Integration"))


# routes

_ROUTE = {
    "authorizationType": "authorization_type",
    "operationName": "operation_name",
    "routeKey": "key",
    "target": "target",
}


def with_route(api: HttpApi, route: Route, parameters: Parameters) -> HttpApi:
    """Return an API with a new or changed route."""
    changed: Route = _changed(route, parameters, _ROUTE)
    check_route(api, changed)
    return replace(api, routes={**api.routes, changed.id: changed})


def without_route(api: HttpApi, route_id: str) -> HttpApi:
    """Return an API without a route."""
    return replace(api, routes=_without(api.routes, route_id, "Route"))


# stages

_STAGE = {
    "autoDeploy": "auto_deploy",
    "deploymentId": "deployment_id",
    "description": "description",
    "tags": "tags",
}


def new_stage(api: HttpApi, parameters: Parameters) -> HttpApi:
    """Return an API with a new stage."""
    name = str(parameters["stageName"])
    check_stage_name(name)
    if name in api.stages:
        raise ConflictError("Stage already exists")
    return with_stage(api, Stage(name), parameters)


def with_stage(api: HttpApi, stage: Stage, parameters: Parameters) -> HttpApi:
    """Return an API with a new or changed stage: settings and variables are merged."""
    changed: Stage = _changed(stage, parameters, _STAGE)
    deployment_id = parameters.get("deploymentId")
    if deployment_id and changed.auto_deploy:
        raise BadRequestError("Deployment ID cannot be set on stage because AutoDeploy is enabled")
    if deployment_id and deployment_id not in api.deployments:
        raise NotFoundError("Deployment")
    defaults = {**stage.default_settings, **_present(parameters.get("defaultRouteSettings"))}
    routes = {
        **stage.route_settings,
        **{key: _present(each) for key, each in _present(parameters.get("routeSettings")).items()},
    }
    for settings in (defaults, *routes.values()):
        check_settings(settings)
    known = {route.key for route in api.routes.values()}
    if unknown := [key for key in _present(parameters.get("routeSettings")) if key not in known]:
        raise NotFoundError("Route", unknown[0])
    access_log = parameters.get("accessLogSettings")
    log = stage.access_log if access_log is None else _present(access_log)
    check_access_log(log)
    variables = {**stage.variables, **_present(parameters.get("stageVariables"))}
    changed = replace(
        changed,
        access_log=log,
        default_settings=defaults,
        route_settings=routes,
        variables={name: value for name, value in variables.items() if value != ""},
        updated=now(),
    )
    return replace(api, stages={**api.stages, stage.name: changed})


def without_stage(api: HttpApi, name: str) -> HttpApi:
    """Return an API without a stage."""
    return replace(api, stages=_without(api.stages, name, "stage"))


def without_route_settings(api: HttpApi, name: str, key: str) -> HttpApi:
    """Return an API of which a stage has no settings for a route."""
    stage = found(api.stages, name, "stage")
    settings = _without(stage.route_settings, key, "Route")
    return replace(api, stages={**api.stages, name: replace(stage, route_settings=settings, updated=now())})


def without_access_log(api: HttpApi, name: str) -> HttpApi:
    """Return an API of which a stage has no access log."""
    stage = found(api.stages, name, "stage")
    return replace(api, stages={**api.stages, name: replace(stage, access_log={}, updated=now())})


# deployments


def with_deployment(api: HttpApi, deployment: Deployment, stage_name: str | None) -> HttpApi:
    """Return an API with a new deployment, which becomes that of a stage if one is named."""
    if not api.routes:
        raise BadRequestError(NO_ROUTES)
    deployed = replace(api, deployments={**api.deployments, deployment.id: deployment})
    if not stage_name:
        return deployed
    stage = found(api.stages, stage_name, "stage")
    return with_stage(deployed, stage, {"deploymentId": deployment.id})


def without_deployment(api: HttpApi, deployment_id: str) -> HttpApi:
    """Return an API without a deployment. Raises BadRequestError if a stage has it."""
    if any(stage.deployment_id == deployment_id for stage in api.stages.values()):
        raise BadRequestError("Active stages pointing to this deployment must be moved or deleted")
    return replace(api, deployments=_without(api.deployments, deployment_id, "Deployment"))


# tags


def with_tags(api: HttpApi, stage_name: str | None, tags: Mapping[str, str], removed: list[str]) -> HttpApi:
    """Return an API with changed tags: of a stage if one is named, else of the API."""
    if stage_name is None:
        return replace(api, tags=_tags(api.tags, tags, removed))
    stage = found(api.stages, stage_name, "stage")
    changed = replace(stage, tags=_tags(stage.tags, tags, removed))
    return replace(api, stages={**api.stages, stage_name: changed})


def _tags(tags: Mapping[str, str], more: Mapping[str, str], removed: list[str]) -> dict[str, str]:
    changed = {key: value for key, value in {**tags, **more}.items() if key not in removed}
    check_tags(changed)
    return changed


def found(resources: Mapping[str, Any], identifier: str, kind: str) -> Any:
    """Return a resource by its ID. Raises NotFoundError."""
    if identifier not in resources:
        raise NotFoundError(kind)
    return resources[identifier]


def _without(resources: Mapping[str, Any], identifier: str, kind: str) -> dict[str, Any]:
    found(resources, identifier, kind)
    return {key: each for key, each in resources.items() if key != identifier}


def _present(members: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (members or {}).items() if value is not None}
