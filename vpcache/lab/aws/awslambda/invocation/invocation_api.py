"""The part of the Lambda API that invokes functions and says how."""

from __future__ import annotations

import base64
import json

from moto.awslambda.exceptions import LambdaClientError, UnknownEventConfig
from moto.core.responses import TYPE_RESPONSE, ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.errors import RequestTooLargeError
from vpcache.lab.aws.awslambda.invocation.event_config import EventConfig
from vpcache.lab.aws.awslambda.request import REQUEST_ID, FunctionRequest

MAX_PAYLOAD = 6 << 20  # bytes, of an event whose caller waits: "Lambda quotas"
MAX_EVENT = 1 << 20  # bytes, of an event that is queued
_TAIL = 4096  # bytes of log that LogType=Tail returns


class InvocationsResponse(FunctionRequest):
    """Invocations that run, now or as soon as they can, and the settings for both."""

    def invoke(self) -> TYPE_RESPONSE:
        """Answer Invoke."""
        kind = self._get_param("InvocationType", "RequestResponse")
        payload = _checked_payload(self.raw_body, MAX_EVENT if kind == "Event" else MAX_PAYLOAD)
        version = self.backend.invocations.check(self._name, self._qualifier)
        if kind == "DryRun":
            return 204, {"status": "204", "X-Amz-ExecutionResult-Version": str(version.version)}, ""
        if kind == "Event":
            event = self.backend.invocations.put_event(self._name, payload, self._qualifier)
            return 202, {"status": "202", REQUEST_ID: event.request_id}, ""
        done = self.backend.invocations.invoke(
            self._name, self._qualifier, payload, _client_context(self._get_param("ClientContext"))
        )
        headers = {
            "Content-Type": "application/json",
            "X-Amz-ExecutionResult-Version": done.version,
            REQUEST_ID: done.invocation.request_id,
        }
        if self._get_param("LogType") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(done.invocation.log[-_TAIL:]).decode()
        if done.invocation.error:
            headers["X-Amz-Function-Error"] = done.invocation.error
        return 200, headers, done.invocation.payload

    def invoke_async(self) -> TYPE_RESPONSE:
        """Answer InvokeAsync, which is Invoke of old for events."""
        payload = _checked_payload(self.raw_body, MAX_EVENT)
        self.backend.invocations.check(self._name, self._qualifier)
        self.backend.invocations.put_event(self._name, payload, self._qualifier)
        return 202, {"status": "202"}, ""

    def put_function_event_invoke_config(self) -> ActionResult:
        """Answer PutFunctionEventInvokeConfig: what it does not name takes its usual value."""
        return self._set_event_config(EventConfig.of(self.params))

    def update_function_event_invoke_config(self) -> ActionResult:
        """Answer UpdateFunctionEventInvokeConfig: what it does not name stays."""
        return self._set_event_config(EventConfig.of(self.params, self._event_config()))

    def get_function_event_invoke_config(self) -> ActionResult:
        """Answer GetFunctionEventInvokeConfig."""
        return ActionResult(self._event_config().describe(f"{self._function().arn}:{self._meant.version}"))

    def delete_function_event_invoke_config(self) -> ActionResult:
        """Answer DeleteFunctionEventInvokeConfig."""
        self._event_config()
        del self._function().event_configs[self._meant.version]
        return EmptyResult()

    def list_function_event_invoke_configs(self) -> ActionResult:
        """Answer ListFunctionEventInvokeConfigs."""
        function = self.backend.functions.find_whole(self._name)
        configs = dict(function.event_configs)
        shown = [configs[each].describe(f"{function.arn}:{each}") for each in sorted(configs)]
        return self._page("FunctionEventInvokeConfigs", shown)

    def _event_config(self) -> EventConfig:
        found = self._function().event_configs.get(self._meant.version)
        if not found:
            raise UnknownEventConfig(f"{self._function().arn}:{self._meant.version}")
        return found

    def _set_event_config(self, config: EventConfig) -> ActionResult:
        self._version()
        self._function().event_configs[self._meant.version] = config
        return self.get_function_event_invoke_config()

    def put_function_concurrency(self) -> ActionResult:
        """Answer PutFunctionConcurrency."""
        reserved = self._get_param("ReservedConcurrentExecutions")
        self.backend.put_function_concurrency(self._name, reserved)
        return ActionResult({"ReservedConcurrentExecutions": reserved})

    def get_function_concurrency(self) -> ActionResult:
        """Answer GetFunctionConcurrency."""
        reserved = self.backend.functions.find_whole(self._name).reserved
        return ActionResult({} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    def delete_function_concurrency(self) -> ActionResult:
        """Answer DeleteFunctionConcurrency."""
        self.backend.functions.find_whole(self._name).reserved = None
        return EmptyResult()


def _client_context(header: str | None) -> str | None:
    if header is None:
        return None
    try:
        context = base64.b64decode(header, validate=True).decode()
        json.loads(context)
    except ValueError as reason:
        raise _no_json(reason) from reason
    return context


def _checked_payload(payload: bytes, most: int) -> bytes:
    if len(payload) > most:
        raise RequestTooLargeError(most)
    try:
        json.loads(payload or b"{}")
    except ValueError as reason:
        raise _no_json(reason) from reason
    return payload or b"{}"


def _no_json(reason: ValueError) -> LambdaClientError:
    return LambdaClientError(
        "InvalidRequestContentException", f"Could not parse request body into json: {reason}"
    )
