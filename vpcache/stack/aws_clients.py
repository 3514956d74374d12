"""The boto3 session of a target, with one client for each service and configuration."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError

if TYPE_CHECKING:
    import boto3

_RETRIES = {"mode": "adaptive", "total_max_attempts": 8}
"""Adaptive retries slow down when AWS throttles, which happens while listing a large account.
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""


class AwsClients:
    """A boto3 session with only the settings in `environment`, and its clients. Thread-safe.

    With a single session, a profile that assumes a role or asks for an MFA code does so once.
    """

    def __init__(self, environment: Mapping[str, str], region: str, *, is_lab: bool) -> None:
        self._environment = environment
        self._region = region
        self._is_lab = is_lab
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}

    @cached_property
    def _core(self) -> Any:
        return _botocore_session(self._environment)

    @cached_property
    def session(self) -> boto3.Session:
        """The session. Raises VpcacheError if it has no credentials."""
        import boto3
        from botocore.exceptions import BotoCoreError

        keys = self._environment
        with self._lock:
            try:
                session = boto3.Session(
                    aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
                    aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
                    aws_session_token=keys.get("AWS_SESSION_TOKEN"),
                    region_name=self._region,
                    botocore_session=self._core,
                )
                credentials = session.get_credentials()
            except (BotoCoreError, ValueError) as error:
                raise VpcacheError(f"target aws: {error}") from error
        if credentials is None:
            raise VpcacheError(
                "target aws: no credentials found; set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run `aws sso login`"
            )
        return session

    def client(self, service: str, config: Mapping[str, Any]) -> Any:
        """Return the client of `service` with a botocore Config of the values in `config`."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        key = json.dumps([service, config], sort_keys=True)
        with self._lock:
            if key not in self._clients:
                settings: dict[str, Any] = {"retries": _RETRIES, **config}
                if self._is_lab:
                    settings["proxies"] = {}
                try:
                    self._clients[key] = self.session.client(
                        service,
                        endpoint_url=self._endpoint(service),
                        config=Config(**settings),
                    )
                except (BotoCoreError, ValueError) as error:
                    raise VpcacheError(f"target aws: {error}") from error
            return self._clients[key]

    def _endpoint(self, service: str) -> str | None:
        """Return the endpoint that the environment sets for a service, None if it sets none.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        environment = self._environment
        if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
            return None
        service_id = self._core.get_service_model(service).service_id.replace(" ", "_").upper()
        for variable in (f"AWS_ENDPOINT_URL_{service_id}", "AWS_ENDPOINT_URL"):
            if url := environment.get(variable):
                check_endpoint(variable, url)
                return url
        return None


def check_endpoint(variable: str, url: str) -> None:
    """Raise VpcacheError unless the value of an endpoint's variable is an http:// or https:// URL."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port or IPv6 address
        is_valid = False
    if not is_valid:
        raise VpcacheError(
            f"{variable} is '{url}': must be a URL such as https://ec2.us-east-1.amazonaws.com or "
            f"http://127.0.0.1:4600, or unset {variable}"
        )


def profile_region(environment: Mapping[str, str]) -> str | None:
    """Return the region of the profile that `environment` names, or of the default profile.

    Raises VpcacheError if the profile does not exist, or the file cannot be read.
    """
    from botocore.exceptions import BotoCoreError

    try:
        region: str | None = _botocore_session(environment).get_config_variable("region")
    except BotoCoreError as error:
        raise VpcacheError(f"target aws: {error}") from error
    return region


def _botocore_session(environment: Mapping[str, str]) -> Any:
    """Return a botocore session that reads its settings from `environment` instead of `os.environ`."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigChainFactory
    from botocore.session import Session

    session = Session()
    settings = session.get_component("config_store")
    chains = ConfigChainFactory(session=session, environ=environment)
    for name, (key, variable, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        chain = chains.create_config_chain(
            instance_name=name,
            env_var_names=variable,
            config_property_names=key,
            default=default,
            conversion_func=conversion,
        )
        settings.set_config_provider(name, chain)
    session.lazy_register_component("data_loader", lambda: _loader(session.get_config_variable("data_path")))
    return session


@cache
def _loader(data_path: str | None) -> Any:
    """Return the loader of botocore's models in `data_path`, shared by all sessions of the process.

    It parses each model once; EC2's takes 40 ms.
    """
    from botocore.loaders import create_loader

    return create_loader(data_path)
