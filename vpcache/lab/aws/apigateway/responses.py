"""The API of API Gateway for HTTP APIs.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.apigatewayv2.urls import url_bases
from moto.core.responses import BaseResponse

from vpcache.lab.aws.apigateway import changes
from vpcache.lab.aws.apigateway.backend import HttpApisBackend, http_apis_of
from vpcache.lab.aws.apigateway.changes import found
from vpcache.lab.aws.apigateway.errors import ApiGatewayError, BadRequestError, NotFoundError
from vpcache.lab.aws.apigateway.model import HttpApi, Integration, Route
from vpcache.lab.aws.dispatch import UrlModule

Answer = tuple[int, Mapping[str, str], str]
"""Status, headers and body."""

_PAGE_SIZE = 25
_MAX_PAGE_SIZE = 1000
_TAGGED = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+::/apis/([^/]+)(?:/stages/([^/]+))?")


class HttpApisResponse(BaseResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The handlers of API Gateway's operations. Each returns status and JSON document."""

    def __init__(self) -> None:
        super().__init__(service_name="apigatewayv2")
        self._ids: dict[str, str] = {}

    def call_action(self) -> Answer:
        """Answer the request."""
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
        try:
            status, document = self._handler()()
        except ApiGatewayError as error:
            body = json.dumps({"message": error.message})
            return error.status, {**headers, "x-amzn-ErrorType": error.code}, body
        return status, headers, "" if document is None else json.dumps(document)

    def _handler(self) -> Callable[[], tuple[int, Any]]:
        for method, path, name in _OPERATIONS:
            if method == self.method and (match := path.fullmatch(self.raw_path.rstrip("/"))):
                self._ids = {key: unquote(value) for key, value in match.groupdict().items()}
                handler: Callable[[], tuple[int, Any]] = getattr(self, name)
                return handler
        raise NotImplementedError

    @property
    def _backend(self) -> HttpApisBackend:
        return http_apis_of(self.current_account, self.region)

    @property
    def _parameters(self) -> dict[str, Any]:
        content = json.loads(self.body or "{}")
        return content if isinstance(content, dict) else {}

    @property
    def _api(self) -> HttpApi:
        return self._backend.http_api(self._ids["api"])

    def _change(self, change: Callable[[HttpApi], HttpApi], *, deploys: bool = True) -> HttpApi:
        return self._backend.change(self._ids["api"], change, deploys=deploys)

    # APIs

    def create_api(self) -> tuple[int, Any]:
        """Answer CreateApi."""
        return 201, self._backend.new_api(self._parameters).describe()

    def get_api(self) -> tuple[int, Any]:
        """Answer GetApi."""
        return 200, self._api.describe()

    def get_apis(self) -> tuple[int, Any]:
        """Answer GetApis."""
        return self._page([each.describe() for each in self._backend.http_apis.values()])

    def update_api(self) -> tuple[int, Any]:
        """Answer UpdateApi."""
        return 200, self._change(lambda api: changes.changed_api(api, self._parameters)).describe()

    def delete_api(self) -> tuple[int, Any]:
        """Answer DeleteApi."""
        self._backend.remove_api(self._ids["api"])
        return 204, None

    def delete_cors(self) -> tuple[int, Any]:
        """Answer DeleteCorsConfiguration."""
        self._change(lambda api: replace(api, cors=None))
        return 204, None

    # integrations

    def create_integration(self) -> tuple[int, Any]:
        """Answer CreateIntegration."""
        new = Integration("")
        api = self._change(lambda api: changes.with_integration(api, new, self._parameters))
        return 201, api.integrations[new.id].describe()

    def get_integration(self) -> tuple[int, Any]:
        """Answer GetIntegration."""
        return 200, self._found(self._api.integrations, "Integration").describe()

    def get_integrations(self) -> tuple[int, Any]:
        """Answer GetIntegrations."""
        return self._page([each.describe() for each in self._api.integrations.values()])

    def update_integration(self) -> tuple[int, Any]:
        """Answer UpdateIntegration."""
        api = self._change(
            lambda api: changes.with_integration(
                api, self._found(api.integrations, "Integration"), self._parameters
            )
        )
        return 200, api.integrations[self._ids["id"]].describe()

    def delete_integration(self) -> tuple[int, Any]:
        """Answer DeleteIntegration."""
        self._change(lambda api: changes.without_integration(api, self._ids["id"]))
        return 204, None

    # routes

    def create_route(self) -> tuple[int, Any]:
        """Answer CreateRoute."""
        new = Route("")
        api = self._change(lambda api: changes.with_route(api, new, self._parameters))
        return 201, api.routes[new.id].describe()

    def get_route(self) -> tuple[int, Any]:
        """Answer GetRoute."""
        return 200, self._found(self._api.routes, "Route").describe()

    def get_routes(self) -> tuple[int, Any]:
        """Answer GetRoutes."""
        return self._page([each.describe() for each in self._api.routes.values()])

    def update_route(self) -> tuple[int, Any]:
        """Answer UpdateRoute."""
        api = self._change(
            lambda api: changes.with_route(api, self._found(api.routes, "Route"), self._parameters)
        )
        return 200, api.routes[self._ids["id"]].describe()

    def delete_route(self) -> tuple[int, Any]:
        """Answer DeleteRoute."""
        self._change(lambda api: changes.without_route(api, self._ids["id"]))
        return 204, None

    # stages

    def create_stage(self) -> tuple[int, Any]:
        """Answer CreateStage."""
        api = self._change(lambda api: changes.new_stage(api, self._parameters))
        return 201, api.stages[self._parameters["stageName"]].describe()

    def get_stage(self) -> tuple[int, Any]:
        """Answer GetStage."""
        return 200, self._found(self._api.stages, "stage").describe()

    def get_stages(self) -> tuple[int, Any]:
        """Answer GetStages."""
        return self._page([each.describe() for each in self._api.stages.values()])

    def update_stage(self) -> tuple[int, Any]:
        """Answer UpdateStage."""
        api = self._change(
            lambda api: changes.with_stage(api, self._found(api.stages, "stage"), self._parameters),
            deploys="autoDeploy" in self._parameters,
        )
        return 200, api.stages[self._ids["id"]].describe()

    def delete_stage(self) -> tuple[int, Any]:
        """Answer DeleteStage."""
        self._change(lambda api: changes.without_stage(api, self._ids["id"]), deploys=False)
        return 204, None

    def delete_route_settings(self) -> tuple[int, Any]:
        """Answer DeleteRouteSettings."""
        stage, key = self._ids["id"], self._ids["key"]
        self._change(lambda api: changes.without_route_settings(api, stage, key), deploys=False)
        return 204, None

    def delete_access_log_settings(self) -> tuple[int, Any]:
        """Answer DeleteAccessLogSettings."""
        self._change(lambda api: changes.without_access_log(api, self._ids["id"]), deploys=False)
        return 204, None

    # deployments

    def create_deployment(self) -> tuple[int, Any]:
        """Answer CreateDeployment."""
        description = self._parameters.get("description") or ""
        new = self._api.deployment(description=description)
        stage = self._parameters.get("stageName")
        api = self._change(lambda api: changes.with_deployment(api, new, stage), deploys=False)
        return 201, api.deployments[new.id].describe()

    def get_deployment(self) -> tuple[int, Any]:
        """Answer GetDeployment."""
        return 200, self._found(self._api.deployments, "Deployment").describe()

    def get_deployments(self) -> tuple[int, Any]:
        """Answer GetDeployments."""
        return self._page([each.describe() for each in self._api.deployments.values()])

    def update_deployment(self) -> tuple[int, Any]:
        """Answer UpdateDeployment."""
        description = self._parameters.get("description") or ""

        def change(api: HttpApi) -> HttpApi:
            changed = replace(self._found(api.deployments, "Deployment"), description=description)
            return replace(api, deployments={**api.deployments, changed.id: changed})

        return 200, self._change(change, deploys=False).deployments[self._ids["id"]].describe()

    def delete_deployment(self) -> tuple[int, Any]:
        """Answer DeleteDeployment."""
        self._change(lambda api: changes.without_deployment(api, self._ids["id"]), deploys=False)
        return 204, None

    # tags

    def get_tags(self) -> tuple[int, Any]:
        """Answer GetTags."""
        api, stage = self._tagged()
        return 200, {"tags": found(api.stages, stage, "stage").tags if stage else api.tags}

    def tag_resource(self) -> tuple[int, Any]:
        """Answer TagResource."""
        self._change_tags(self._parameters.get("tags") or {}, [])
        return 201, {}

    def untag_resource(self) -> tuple[int, Any]:
        """Answer UntagResource."""
        self._change_tags({}, parse_qs(self.parsed_url.query).get("tagKeys", []))
        return 204, None

    def _change_tags(self, tags: Mapping[str, str], removed: list[str]) -> None:
        api, stage = self._tagged()
        self._backend.change(api.id, lambda api: changes.with_tags(api, stage, tags, removed), deploys=False)

    def _tagged(self) -> tuple[HttpApi, str | None]:
        """Return the API with the ARN of the request, and the name of the stage if it is that of one."""
        match = _TAGGED.fullmatch(self._ids["arn"])
        if match is None:
            raise NotFoundError("resource", self._ids["arn"])
        api = self._backend.http_api(match[1])
        return api, match[2]

    # parts of requests

    def _found(self, resources: Mapping[str, Any], kind: str) -> Any:
        return found(resources, self._ids["id"], kind)

    def _page(self, items: Sequence[Mapping[str, Any]]) -> tuple[int, Any]:
        """Return a page of items; the token is the index of the next page's first item."""
        query = parse_qs(self.parsed_url.query)
        size, token = query.get("maxResults", [str(_PAGE_SIZE)])[0], query.get("nextToken", ["0"])[0]
        if not (size.isdecimal() and token.isdecimal() and 0 < int(size[:6]) <= _MAX_PAGE_SIZE):
            raise BadRequestError("Invalid pagination token or maxResults specified")
        first = int(token[:9])
        end = first + int(size)
        more = {"nextToken": str(end)} if end < len(items) else {}
        return 200, {"items": list(items[first:end]), **more}


def _operations(*rows: tuple[str, str, str]) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    return tuple(
        (method, re.compile("/v2/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), name)
        for method, path, name in rows
    )


_OPERATIONS = _operations(
    ("POST", "apis", "create_api"),
    ("GET", "apis", "get_apis"),
    ("GET", "apis/{api}", "get_api"),
    ("PATCH", "apis/{api}", "update_api"),
    ("DELETE", "apis/{api}", "delete_api"),
    ("DELETE", "apis/{api}/cors", "delete_cors"),
    *(
        row
        for plural, single in (
            ("integrations", "integration"),
            ("routes", "route"),
            ("stages", "stage"),
            ("deployments", "deployment"),
        )
        for row in (
            ("POST", f"apis/{{api}}/{plural}", f"create_{single}"),
            ("GET", f"apis/{{api}}/{plural}", f"get_{plural}"),
            ("GET", f"apis/{{api}}/{plural}/{{id}}", f"get_{single}"),
            ("PATCH", f"apis/{{api}}/{plural}/{{id}}", f"update_{single}"),
            ("DELETE", f"apis/{{api}}/{plural}/{{id}}", f"delete_{single}"),
        )
    ),
    ("DELETE", "apis/{api}/stages/{id}/routesettings/{key}", "delete_route_settings"),
    ("DELETE", "apis/{api}/stages/{id}/accesslogsettings", "delete_access_log_settings"),
    ("GET", "tags/(?P<arn>.+)", "get_tags"),
    ("POST", "tags/(?P<arn>.+)", "tag_resource"),
    ("DELETE", "tags/(?P<arn>.+)", "untag_resource"),
)

HTTP_APIS_URLS = UrlModule(url_bases, {"{0}/v2/(?P<path>.+)$": HttpApisResponse.dispatch})
