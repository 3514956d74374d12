"""The Lambda API's handlers for invocations and their configuration."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from moto.awslambda.exceptions import (
    InvalidParameterValueException,
    LambdaClientError,
    UnknownEventConfig,
    UnknownFunctionException,
)
from moto.core.responses import TYPE_RESPONSE, ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.api.request import REQUEST_ID, FunctionRequest
from vpcache.lab.aws.awslambda.config.event_config import EventConfig
from vpcache.lab.aws.awslambda.errors import RequestTooLargeError, ResourceNotFoundError
from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.aws.awslambda.names import function_arn

MAX_PAYLOAD = 6 << 20  # bytes, of a synchronous invocation: "Lambda quotas"
MAX_EVENT = 1 << 20  # bytes, of an asynchronous invocation
_LOG_TAIL = 4096  # bytes that LogType=Tail returns


class InvocationsResponse(FunctionRequest):
    """Synchronous and asynchronous invocations, event invoke configurations and reserved concurrency."""

    def invoke(self) -> TYPE_RESPONSE:
        """Answer Invoke."""
        invocation_type = self._get_param("InvocationType", "RequestResponse")
        payload = _checked_payload(self.raw_body, MAX_EVENT if invocation_type == "Event" else MAX_PAYLOAD)
        version = self.backend.invocations.check(self._name, self._qualifier)
        if invocation_type == "DryRun":
            return 204, {"status": "204", "X-Amz-Executed-Version": str(version.version)}, ""
        if invocation_type == "Event":
            event = self.backend.invocations.put_event(self._name, payload, self._qualifier)
            return 202, {"status": "202", REQUEST_ID: event.request_id}, ""
        result = self.backend.invocations.invoke(
            self._name, self._qualifier, payload, _client_context(self._get_param("ClientContext"))
        )
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Executed-Version": result.version,
            REQUEST_ID: result.invocation.request_id,
        }
        if self._get_param("LogType") == "Tail":
            tail = result.invocation.log_result.encode()[-_LOG_TAIL:]
            headers["X-Amz-Log-Result"] = base64.b64encode(tail).decode()
        if result.invocation.error:
            headers["X-Amz-Function-Error"] = result.invocation.error
        return 200, headers, result.invocation.payload

    def invoke_async(self) -> TYPE_RESPONSE:
        """Answer InvokeAsync, the deprecated API for asynchronous invocations."""
        payload = _checked_payload(self.raw_body, MAX_EVENT)
        self.backend.invocations.check(self._name, self._qualifier)
        self.backend.invocations.put_event(self._name, payload, self._qualifier)
        return 202, {"status": "202"}, ""

    def put_function_event_invoke_config(self) -> ActionResult:
        """Answer PutFunctionEventInvokeConfig; parameters that are not set get their defaults."""
        return self._set_event_config(EventConfig.of(self.params))

    def update_function_event_invoke_config(self) -> ActionResult:
        """Answer UpdateFunctionEventInvokeConfig; parameters that are not set keep their values."""
        self._existing(self.backend.functions.find)
        return self._set_event_config(EventConfig.of(self.params, self._event_config()))

    def get_function_event_invoke_config(self) -> ActionResult:
        """Answer GetFunctionEventInvokeConfig."""
        return ActionResult(self._event_config().describe(self._event_config_arn()))

    def delete_function_event_invoke_config(self) -> ActionResult:
        """Answer DeleteFunctionEventInvokeConfig."""
        self._event_config()
        del self._function().event_configs[self._target.version]
        return EmptyResult()

    def list_function_event_invoke_configs(self) -> ActionResult:
        """Answer ListFunctionEventInvokeConfigs."""
        function = self._existing(self.backend.functions.find_unqualified)
        configs = dict(function.event_configs)
        descriptions = [
            configs[qualifier].describe(f"{function.arn}:{qualifier}") for qualifier in sorted(configs)
        ]
        return self._page("FunctionEventInvokeConfigs", descriptions)

    def _event_config(self) -> EventConfig:
        try:
            config = self._function().event_configs.get(self._target.version)
        except UnknownFunctionException:
            config = None
        if not config:
            raise UnknownEventConfig(self._event_config_arn())
        return config

    def _event_config_arn(self) -> str:
        return function_arn(self.region, self.backend.account_id, self._target.name, self._target.version)

    def _existing(self, find: Callable[[str], Function]) -> Function:
        try:
            return find(self._name)
        except UnknownFunctionException as error:
            raise ResourceNotFoundError("The function doesn't exist.") from error

    def _set_event_config(self, config: EventConfig) -> ActionResult:
        function = self._existing(self.backend.functions.find)
        try:
            self._version()
        except UnknownFunctionException as error:
            raise ResourceNotFoundError("The function doesn't exist.") from error
        for target in filter(None, (config.on_success, config.on_failure)):
            self._check_destination(function, target)
        function.event_configs[self._target.version] = config
        return self.get_function_event_invoke_config()

    def _check_destination(self, function: Function, target: str) -> None:
        if ":lambda:" not in target:
            return
        try:
            is_itself = self.backend.functions.find(target) is function
        except LambdaClientError as error:
            raise InvalidParameterValueException(f"The destination ARN {target} is invalid.") from error
        if is_itself:
            raise InvalidParameterValueException(
                "You can't specify the function as a destination for itself."
            )

    def put_function_concurrency(self) -> ActionResult:
        """Answer PutFunctionConcurrency."""
        reserved = self._get_param("ReservedConcurrentExecutions")
        self.backend.put_function_concurrency(self._name, reserved)
        return ActionResult({"ReservedConcurrentExecutions": reserved})

    def get_function_concurrency(self) -> ActionResult:
        """Answer GetFunctionConcurrency."""
        reserved = self.backend.functions.find_unqualified(self._name).reserved
        return ActionResult({} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    def delete_function_concurrency(self) -> ActionResult:
        """Answer DeleteFunctionConcurrency."""
        self.backend.functions.find_unqualified(self._name).reserved = None
        return EmptyResult()


def _client_context(header: str | None) -> str | None:
    if header is None:
        return None
    try:
        context = base64.b64decode(header, validate=True).decode()
        json.loads(context)
    except (ValueError, RecursionError) as reason:
        raise _invalid_json(reason) from reason
    return context


def _checked_payload(payload: bytes, maximum: int) -> bytes:
    if len(payload) > maximum:
        raise RequestTooLargeError(maximum)
    try:
        json.loads(payload or b"{}")
    except (ValueError, RecursionError) as reason:
        raise _invalid_json(reason) from reason
    return payload or b"{}"


def _invalid_json(reason: ValueError | RecursionError) -> LambdaClientError:
    return LambdaClientError(
        "InvalidRequestContentException", f"Could not parse request body into json: {reason}"
    )
