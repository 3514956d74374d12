"""Targets of a stack: the embedded lab and AWS, which differ in environment variables only."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError
from vpcache.lab.errors import LabEndedError
from vpcache.program import command
from vpcache.stack.aws_clients import AwsClients, profile_region
from vpcache.stack.region import DEFAULT_REGION, chosen_region
from vpcache.terraform.process_environment import aws_environment, lab_environment

if TYPE_CHECKING:
    import boto3


class TargetName(StrEnum):
    """The names of the targets."""

    LAB = "lab"
    AWS = "aws"


LAB, AWS = TargetName.LAB, TargetName.AWS
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


@dataclass(frozen=True)
class Target:
    """A region of AWS or of a lab, with the environment variables of Terraform and boto3 for it."""

    name: TargetName
    region: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def is_lab(self) -> bool:
        """Whether the target is a lab, where a destroy needs no confirmation."""
        return self.name == LAB

    @cached_property
    def uses_path_style(self) -> bool:
        """Whether S3 has a custom endpoint, where buckets are addressed by path instead of by host name."""
        host = urlsplit(self.client("s3").meta.endpoint_url).hostname or ""
        return not host.endswith(_AWS_DOMAINS)

    def check_running(self) -> None:
        """Raise LabEndedError if this is a lab that no longer listens on its port."""
        if not self.is_lab:
            return
        endpoint = self.environment["AWS_ENDPOINT_URL"]
        location = urlsplit(endpoint)
        try:
            socket.create_connection((location.hostname, location.port or 0), timeout=1).close()
        except ConnectionRefusedError as error:
            raise LabEndedError(endpoint) from error
        except OSError:
            return  # it is busy

    def session(self) -> boto3.Session:
        """Return the boto3 session, which is cached. Raises VpcacheError if it has no credentials."""
        return self._clients.session

    def client(self, service: str, **config: Any) -> Any:
        """Return the boto3 client of `service`, which is cached. `config` is passed to botocore's Config."""
        return self._clients.client(service, config)

    def account(self) -> str:
        """Return the account ID. Raises VpcacheError if the credentials are invalid in this region."""
        return self._account

    def as_role(self, role: str, session_name: str = "vpcache") -> Target:
        """Return this target with the temporary credentials of a role, by its name or ARN.

        On a lab the role's policies apply if the setting `iam` is "enforce". Raises ClientError if the caller
        may not assume the role.
        """
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{self.account()}:role/{role}"
        answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=session_name)
        credentials = {
            "AWS_ACCESS_KEY_ID": answer["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": answer["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": answer["Credentials"]["SessionToken"],
        }
        return replace(self, environment={**self.environment, **credentials})

    @cached_property
    def _clients(self) -> AwsClients:
        return AwsClients(self.environment, self.region, is_lab=self.is_lab)

    @cached_property
    def _account(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except EndpointConnectionError as error:
            endpoint = error.kwargs["endpoint_url"]
            remedy = self._remedy_for_silence(endpoint)
            raise VpcacheError(f"target {self.name}: no response from {endpoint}: {remedy}") from error
        except ClientError as error:
            if error.response["Error"]["Code"] in ("InvalidClientTokenId", "UnrecognizedClientException"):
                raise VpcacheError(
                    f"target {self.name}: AWS rejects these credentials in {self.region}: check them, or "
                    f"enable the region in the account ({error})"
                ) from error
            cause = "AWS rejects these credentials: " if _is_about_credentials(error) else ""
            raise VpcacheError(f"target {self.name}: {cause}{error}") from error
        except BotoCoreError as error:
            raise VpcacheError(f"target {self.name}: {error}") from error

    def _remedy_for_silence(self, endpoint: str) -> str:
        if self.is_lab:
            return f"the lab has ended, and its stacks with it: run `{command('lab.start')}`"
        for variable in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"):
            if self.environment.get(variable, "").rstrip("/") == endpoint.rstrip("/"):
                return f"start the server that {variable} names, or unset {variable}"
        return f"check that {self.region} is an AWS region and reachable from this machine, or use --region"


def _is_about_credentials(error: Any) -> bool:
    """Return whether an error of STS concerns the credentials, and not the endpoint or the request.

    https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
    """
    code = error.response["Error"]["Code"]
    return error.response["ResponseMetadata"].get("HTTPStatusCode") in (401, 403) or "Token" in code


def lab_target(
    endpoint: str, environ: Mapping[str, str], *, region: str | None = None, pinned_region: str | None = None
) -> Target:
    """Return the target for the lab at `endpoint`, in `region`, else `pinned_region`, else us-east-1.

    The user's AWS settings are not used. Raises VpcacheError if the two regions differ.
    """
    chosen = chosen_region(option=region, pinned=pinned_region, environ={}, profile_region=None)
    return Target(name=LAB, region=chosen, environment=lab_environment(environ, endpoint, chosen))


def aws_target(
    environ: Mapping[str, str], *, region: str | None = None, pinned_region: str | None = None
) -> Target:
    """Return the target for AWS with the credentials in `environ`, in the region of `chosen_region`.

    Raises VpcacheError if the regions contradict each other, or if the profile does not exist.
    """
    needs_profile = not (
        region or pinned_region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    )
    chosen = chosen_region(
        option=region,
        pinned=pinned_region,
        environ=environ,
        profile_region=profile_region(aws_environment(environ, "")) if needs_profile else None,
    )
    return Target(name=AWS, region=chosen, environment=aws_environment(environ, chosen))


def offline_target(
    environ: Mapping[str, str], *, region: str | None = None, pinned_region: str | None = None
) -> Target:
    """Return a target for plans with a mock provider, which send no requests."""
    return lab_target("http://127.0.0.1:0", environ, region=region, pinned_region=pinned_region)


def target_name(option: str | None, environ: Mapping[str, str]) -> TargetName:
    """Return the target's name from `option`, else from VPCACHE_TARGET, else `lab`.

    Raises VpcacheError if the name is unknown.
    """
    name = option or environ.get("VPCACHE_TARGET") or LAB
    if name not in list(TargetName):
        raise VpcacheError(f"unknown target '{name}': use --target {LAB} or --target {AWS}")
    return TargetName(name)


__all__ = [
    "AWS",
    "DEFAULT_REGION",
    "LAB",
    "Target",
    "TargetName",
    "aws_target",
    "lab_target",
    "offline_target",
    "target_name",
]
