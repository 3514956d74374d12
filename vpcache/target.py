"""Where AWS is: the embedded lab or AWS itself. The difference is environment variables and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError

if TYPE_CHECKING:
    import boto3

LAB = "lab"
AWS = "aws"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Target:
    """An AWS endpoint with the environment variables that lead Terraform and boto3 to it."""

    name: str
    region: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def is_lab(self) -> bool:
        """Whether destruction costs nothing here."""
        return self.name == LAB

    @property
    def uses_path_style(self) -> bool:
        """Whether S3 is at an endpoint that is an IP address, which has no bucket subdomains."""
        host = urlsplit(self.environment.get("AWS_ENDPOINT_URL") or "").hostname or ""
        try:
            return bool(ip_address(host))
        except ValueError:
            return False

    def session(self) -> boto3.Session:
        """Return a boto3 session on this target. Raises VpcacheError if AWS has no credentials for it."""
        import boto3
        from botocore.exceptions import BotoCoreError

        keys = self.environment
        try:
            session = boto3.Session(
                aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
                aws_session_token=keys.get("AWS_SESSION_TOKEN"),
                region_name=self.region,
                profile_name=None if self.is_lab else keys.get("AWS_PROFILE"),
            )
            credentials = session.get_credentials()
        except BotoCoreError as error:
            raise VpcacheError(f"target aws: {error}") from error
        if credentials is None:
            raise VpcacheError(
                "target aws: no credentials found; set AWS_PROFILE or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run `aws sso login`"
            )
        return session

    def client(self, service: str, **config: Any) -> Any:
        """Return a boto3 client of `service`; `config` goes to botocore's Config."""
        from botocore.config import Config

        settings: dict[str, Any] = {"proxies": {}} if self.is_lab else {}
        return self.session().client(
            service,
            endpoint_url=self.environment.get("AWS_ENDPOINT_URL"),
            config=Config(**settings, **config),
        )

    def account(self) -> str:
        """Return the account's id. Raises VpcacheError if AWS refuses to tell."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            raise VpcacheError(
                f"target {self.name}: AWS refuses these credentials, set others or log in again: {error}"
            ) from error


def lab_target(endpoint: str, environ: Mapping[str, str]) -> Target:
    """Return the lab at `endpoint`. No AWS setting of the user's own reaches it."""
    own = {key: value for key, value in environ.items() if not key.startswith("AWS_")}
    return Target(
        name=LAB,
        region=DEFAULT_REGION,
        environment=own
        | {
            "AWS_ACCESS_KEY_ID": "lab",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_MAX_ATTEMPTS": "3",  # a fault of the lab must not cost 25 tries
            "AWS_REGION": DEFAULT_REGION,
            "AWS_SECRET_ACCESS_KEY": "lab",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
        },
    )


def aws_target(environ: Mapping[str, str]) -> Target:
    """Return AWS as `environ` describes it."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return Target(name=AWS, region=region, environment={**environ, "AWS_REGION": region})


def target_name(asked: str | None, environ: Mapping[str, str]) -> str:
    """Return the target asked for by option or by VPCACHE_TARGET, else the lab; VpcacheError if unknown."""
    name = asked or environ.get("VPCACHE_TARGET") or LAB
    if name not in (LAB, AWS):
        raise VpcacheError(f"unknown target '{name}': use --target {LAB} or --target {AWS}")
    return name
