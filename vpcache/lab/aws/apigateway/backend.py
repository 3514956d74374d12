"""The HTTP APIs of one region."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.apigatewayv2.models import ApiGatewayV2Backend, apigatewayv2_backends

from vpcache.lab.aws.apigateway.changes import Parameters, changed_api
from vpcache.lab.aws.apigateway.errors import NotFoundError
from vpcache.lab.aws.apigateway.model import HttpApi
from vpcache.lab.aws.dispatch import UrlModule


class HttpApisBackend(ApiGatewayV2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """API Gateway of one region, for several threads."""

    def __init__(self, region_name: str, account_id: str, urls: UrlModule) -> None:
        super().__init__(region_name, account_id)
        self._urls = urls
        self._apis: dict[str, HttpApi] = {}
        self._lock = threading.Lock()

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    @property
    def http_apis(self) -> Mapping[str, HttpApi]:
        """The APIs by ID."""
        return dict(self._apis)

    def http_api(self, api_id: str) -> HttpApi:
        """Return an API. Raises NotFoundError."""
        api = self._apis.get(api_id)
        if api is None:
            raise NotFoundError("API", f"{self.account_id}:{api_id}")
        return api

    def new_api(self, parameters: Parameters) -> HttpApi:
        """Create an API."""
        tags = parameters.get("tags") or {}
        api = changed_api(
            HttpApi(str(parameters["name"]), self.account_id, self.region_name, tags=tags), parameters
        )
        with self._lock:
            self._apis[api.id] = api
        return api

    def change(self, api_id: str, change: Callable[[HttpApi], HttpApi], *, deploys: bool = True) -> HttpApi:
        """Change an API and return it; stages with automatic deployment follow if `deploys`.

        Raises NotFoundError, and what `change` raises.
        """
        with self._lock:
            changed = change(self.http_api(api_id))
            self._apis[api_id] = changed.deployed() if deploys else changed
            return self._apis[api_id]

    def remove_api(self, api_id: str) -> None:
        """Delete an API with its resources. Raises NotFoundError."""
        with self._lock:
            self.http_api(api_id)
            del self._apis[api_id]


def http_apis_of(account: str, region: str) -> HttpApisBackend:
    """Return the backend of an account in a region."""
    backend: HttpApisBackend = apigatewayv2_backends[account][region]
    return backend


def all_http_apis() -> Iterator[HttpApi]:
    """Yield the APIs of all accounts and regions."""
    for regions in list(apigatewayv2_backends.values()):
        for backend in list(_values(regions)):
            if isinstance(backend, HttpApisBackend):  # moto's own before the first request
                yield from backend.http_apis.values()


def _values(regions: Any) -> list[Any]:
    return list(regions.values())
