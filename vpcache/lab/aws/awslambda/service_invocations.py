"""Invocations of functions by other services, allowed by the function's policy.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from moto.awslambda.exceptions import LambdaClientError

from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.awslambda.policy import allows_service
from vpcache.lab.functions.spec import Event, Invocation

_log = logging.getLogger(__name__)


def may_invoke(function_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Return whether a service such as "sns.amazonaws.com" may invoke a function for one of its resources.

    `function_arn` may have a qualifier. A function that does not exist may not be invoked.
    """
    backend = lambda_of(*_place(function_arn))
    try:
        name = backend.functions.parse(function_arn)
        statements = backend.functions.find(function_arn).policy(name.qualifier).statements
    except LambdaClientError:
        return False
    return allows_service(statements, service, source_arn, source_account)


def invoke_for(function_arn: str, service: str, source_arn: str, source_account: str, payload: bytes) -> None:
    """Queue an event of a service for a function, if the service may invoke it. Problems are logged."""
    if not may_invoke(function_arn, service, source_arn, source_account):
        _log.warning("%s may not invoke %s for %s", service, function_arn, source_arn)
        return
    try:
        lambda_of(*_place(function_arn)).invocations.put_event(function_arn, payload)
    except (LambdaClientError, NotImplementedError) as error:
        _log.warning("%s could not invoke %s: %s", service, function_arn, error)


def call_for(
    function_arn: str, service: str, source_arn: str, source_account: str, event: Event, seconds: float
) -> Invocation:
    """Invoke a function for a service and return the result.

    Raises PermissionError if the service may not invoke it, TimeoutError if it takes longer than `seconds`
    (it continues to run), ThrottledError, LambdaClientError, NotImplementedError and LabError.
    """
    if not may_invoke(function_arn, service, source_arn, source_account):
        raise PermissionError(f"{service} may not invoke {function_arn} for {source_arn}")
    backend = lambda_of(*_place(function_arn))
    name = backend.functions.parse(function_arn)
    backend.invocations.check(name.name, name.qualifier)
    run = backend.invocations.begin(name, event)
    result: Future[Invocation] = Future()

    def finish() -> None:
        try:
            result.set_result(run().invocation)
        except Exception as error:  # of the lab, for the caller
            result.set_exception(error)

    threading.Thread(target=finish, name=f"invocation for {service}", daemon=True).start()
    return result.result(timeout=seconds)


def _place(function_arn: str) -> tuple[str, str]:
    """Return the account and the region of a function."""
    _, _, _, region, account, *_ = function_arn.split(":")
    return account, region
