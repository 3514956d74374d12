"""Lambda as moto has it, with real network interfaces, and invocations by a runner of the lab's own."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from itertools import chain
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_bases, url_paths
from moto.core.responses import TYPE_RESPONSE
from moto.core.utils import iso_8601_datetime_with_nanoseconds
from moto.ec2.exceptions import EC2ClientError
from moto.logs.models import logs_backends

from vpcache.lab.control.ec2 import Ec2Backend, backend_of
from vpcache.lab.control.interfaces import ManagedInterface
from vpcache.lab.functions import FunctionRunner, FunctionSpec, Invocation

_log = logging.getLogger(__name__)

MOST_PAYLOAD = 6 * 1024 * 1024  # bytes, of a synchronous event or answer: "Lambda quotas"
_TAIL = 4096  # bytes of log that LogType=Tail returns
_Place = tuple[
    str, frozenset[str]
]  # a subnet and a set of security groups: what functions share interfaces by


class Function(LambdaFunction):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """One version of a function, which shows and updates all that Terraform looks at."""

    def __init__(self, account_id: str, region: str, spec: dict[str, Any]) -> None:
        super().__init__(account_id=account_id, region=region, spec=spec, version="$LATEST")
        self._set_logging(spec.get("LoggingConfig") or {})
        self.dead_letter_config: dict[str, str] = spec.get("DeadLetterConfig") or {}

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

    def places(self) -> list[_Place]:
        """Return where the function needs an interface, one place per subnet."""
        wanted = self._vpc_config or {}
        groups = frozenset(wanted.get("SecurityGroupIds") or ())
        return [(subnet_id, groups) for subnet_id in sorted(wanted.get("SubnetIds") or ())]

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """Return the configuration as the API shows it."""
        shown: dict[str, Any] = super().get_configuration(on_create)
        dead_letters = {"DeadLetterConfig": self.dead_letter_config} if self._has_dead_letters else {}
        return shown | dead_letters | {"LoggingConfig": self.logging_config, "LastUpdateStatus": "Successful"}

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """Change the configuration."""
        if "LoggingConfig" in config_updates:
            self._set_logging(config_updates["LoggingConfig"])
        if "DeadLetterConfig" in config_updates:
            self.dead_letter_config = config_updates["DeadLetterConfig"]
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        changed: dict[str, Any] = super().update_configuration(config_updates)
        return changed

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        """Change the code, and the architecture that it is for."""
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        changed: dict[str, Any] = super().update_function_code(updated_spec)
        return changed

    @property
    def _has_dead_letters(self) -> bool:
        """Whether failed events go anywhere: an empty ARN takes the setting back."""
        return bool(self.dead_letter_config.get("TargetArn"))

    def _set_logging(self, wanted: dict[str, Any]) -> None:
        self.logs_group_name = wanted.get("LogGroup") or f"/aws/lambda/{self.function_name}"
        self.logging_config = {"LogFormat": "Text"} | wanted | {"LogGroup": self.logs_group_name}


class FunctionsBackend(LambdaBackend):  # type: ignore[misc]
    """One region's Lambda.

    Functions share interfaces per subnet and set of security groups, as on AWS ("Giving Lambda functions
    access to resources in an Amazon VPC"); unlike AWS, an interface goes at once with its last function.
    """

    def __init__(self, region_name: str, account_id: str, *, runner: FunctionRunner) -> None:
        super().__init__(region_name, account_id)
        self._runner = runner
        self._interfaces: dict[_Place, ManagedInterface] = {}
        self._log_lock = threading.Lock()

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(
            url_bases=url_bases, url_paths=dict.fromkeys(url_paths, FunctionsResponse.dispatch)
        )

    @property
    def _ec2(self) -> Ec2Backend:
        return backend_of(self.account_id, self.region_name)

    def create_function(self, spec: dict[str, Any]) -> Any:
        """Make a function and the interfaces that it needs."""
        self._check_vpc_config(spec.get("VpcConfig") or {})
        function = Function(self.account_id, self.region_name, spec)
        self._lambdas.put_function(function)
        try:
            self._settle_interfaces(function.function_name)
        except EC2ClientError as error:
            self.delete_function(function.function_name)
            raise _ec2_refusal("CreateNetworkInterface", error) from error
        return self.publish_version(function.function_name) if spec.get("Publish") else function

    def update_function_configuration(
        self, function_name: str, qualifier: str | None, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Change a function's configuration and the interfaces that it needs."""
        function = self.get_function(function_name, qualifier)
        if body.get("VpcConfig"):  # what it does not name stays
            body = body | {"VpcConfig": {**(function._vpc_config or {}), **body["VpcConfig"]}}
        self._check_vpc_config(body.get("VpcConfig") or {})
        changed: dict[str, Any] | None = super().update_function_configuration(function_name, qualifier, body)
        self._settle_interfaces(function.function_name)
        self._forget(function)
        return changed

    def update_function_code(
        self, function_name: str, qualifier: str | None, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Change a function's code, and publish it if asked to."""
        function = self.get_function(function_name, qualifier)
        changed: dict[str, Any] = function.update_function_code(body)
        if not body.get("DryRun"):
            self._forget(function)
        if body.get("Publish"):
            changed = self.publish_version(function.function_name).get_configuration()
        return changed

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Delete a function, or one version of it, with the interfaces that nothing else needs."""
        function = self.get_function(function_name, qualifier)
        super().delete_function(function_name, qualifier)
        self._settle_interfaces(function.function_name)
        self._forget(function)

    def run(self, function: Function, payload: bytes) -> Invocation:
        """Invoke a function and keep its log."""
        done = self._runner.invoke(self.spec(function), payload)
        self._keep_log(function.logs_group_name, done)
        return done

    def spec(self, function: Function) -> FunctionSpec:
        """Return what a runner needs to know of a function."""
        return FunctionSpec(
            arn=_unqualified(function),
            name=function.function_name,
            version=str(function.version),
            code_sha256=function.code_sha_256,
            code=function.code_bytes,
            handler=function.handler,
            runtime=function.run_time,
            environment=tuple(sorted(function.environment_vars.items())),
            timeout=int(function.timeout),
            memory=int(function.memory_size),
            interface_ids=tuple(sorted(self._interfaces[place].id for place in function.places())),
            log_group=function.logs_group_name,
        )

    def interfaces_by_function(self) -> list[tuple[Function, tuple[str, ...]]]:
        """Return the functions, without their published versions, with the ids of their interfaces."""
        return [
            (function, tuple(self._interfaces[place].id for place in function.places()))
            for function in self._functions()
            if str(function.version) == "$LATEST"
        ]

    def _forget(self, function: Function) -> None:
        self._runner.forget(_unqualified(function))

    def _keep_log(self, group: str, done: Invocation) -> None:
        now = int(time.time() * 1000)
        lines = done.log.decode(errors="replace").splitlines()
        logs = logs_backends[self.account_id][self.region_name]
        with self._log_lock:  # moto looks first and makes then, for groups and streams alike
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, done.log_stream)
            logs.put_log_events(
                group, done.log_stream, [{"timestamp": now, "message": line} for line in lines]
            )

    def _check_vpc_config(self, wanted: dict[str, Any]) -> None:
        subnet_ids, group_ids = wanted.get("SubnetIds") or [], wanted.get("SecurityGroupIds") or []
        if bool(subnet_ids) != bool(group_ids):
            raise InvalidParameterValueException(
                "VpcConfig must name both SubnetIds and SecurityGroupIds, or neither."
            )
        try:
            vpcs = {self._ec2.get_subnet(each).vpc_id for each in subnet_ids}
        except EC2ClientError as error:
            raise _ec2_refusal("DescribeSubnets", error) from error
        try:
            vpcs |= (
                {group.vpc_id for group in self._ec2.describe_security_groups(group_ids)}
                if group_ids
                else set()
            )
        except EC2ClientError as error:
            raise _ec2_refusal("DescribeSecurityGroups", error) from error
        if len(vpcs) > 1:
            raise InvalidParameterValueException(
                f"Subnets and security groups must belong to one VPC, not to {', '.join(sorted(vpcs))}."
            )

    def _functions(self) -> Iterator[Function]:
        for group in self._lambdas._functions.values():
            yield from (each for each in chain([group["latest"]], group["versions"]) if each)

    def _settle_interfaces(self, maker: str) -> None:
        """Make the interfaces that functions need and lack, in the name of `maker`; free the others."""
        needed = {place for function in self._functions() for place in function.places()}
        for place in sorted(needed - self._interfaces.keys(), key=lambda each: each[0]):
            subnet_id, group_ids = place
            self._interfaces[place] = self._ec2.create_managed_interface(
                self._ec2.get_subnet(subnet_id),
                "lambda",
                f"AWS Lambda VPC ENI-{maker}-{uuid.uuid4()}",
                requester_id=f"amazon-lambda:{maker}",
                group_ids=sorted(group_ids),
            )
        for place in self._interfaces.keys() - needed:
            self._ec2.free_managed_interface(self._interfaces.pop(place).id)


class FunctionsResponse(LambdaResponse):  # type: ignore[misc]
    """The Lambda API, with invocations that run."""

    def invoke(self) -> TYPE_RESPONSE:
        """Answer Invoke."""
        function_name = unquote(self.path.rsplit("/", 2)[-2])
        qualifier = parse_qs(self.parsed_url.query).get("Qualifier", [None])[0]
        function = self.backend.get_function(function_name, qualifier)
        payload = _checked_payload(self.raw_body)
        headers = {"X-Amz-Executed-Version": str(function.version), "Content-Type": "application/json"}
        match self.headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "DryRun":
                return 204, headers | {"status": "204"}, ""
            case "Event":
                threading.Thread(
                    target=_run_alone, args=(self.backend, function, payload), daemon=True
                ).start()
                return 202, headers | {"status": "202"}, ""
        done = self.backend.run(function, payload)
        headers["x-amzn-RequestId"] = done.request_id
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(done.log[-_TAIL:]).decode()
        if len(done.payload) > MOST_PAYLOAD:
            headers["X-Amz-Function-Error"] = "Unhandled"
            return 200, headers, _too_large(len(done.payload))
        if done.error:
            headers["X-Amz-Function-Error"] = done.error
        return 200, headers, done.payload


def lambda_of(account_id: str, region: str) -> FunctionsBackend:
    """Return Lambda of one account in one region."""
    backend: FunctionsBackend = lambda_backends[account_id][region]
    return backend


def _run_alone(backend: FunctionsBackend, function: Function, payload: bytes) -> None:
    try:
        backend.run(function, payload)
    except Exception:
        _log.exception("event for %s is lost", function.function_name)


def _checked_payload(payload: bytes) -> bytes:
    if len(payload) > MOST_PAYLOAD:
        error = LambdaClientError(
            "RequestTooLargeException", f"Request must be smaller than {MOST_PAYLOAD} bytes"
        )
        error.code = 413
        raise error
    try:
        json.loads(payload or b"{}")
    except ValueError as reason:
        raise LambdaClientError(
            "InvalidRequestContentException", f"Could not parse request body into json: {reason}"
        ) from reason
    return payload or b"{}"


def _too_large(size: int) -> bytes:
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({MOST_PAYLOAD} bytes)."
    )
    return json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()


def _ec2_refusal(action: str, error: EC2ClientError) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Error occurred while {action}. EC2 Error Code: {error.code}. EC2 Error Message: {error.message}"
    )


def _unqualified(function: Function) -> str:
    return ":".join(function.function_arn.split(":")[:7])
