"""AWS's API in every region: moto with the lab's services; each change reconciles the data plane."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from traceback import walk_tb
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Response

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.accounts import account_of, derive_account_from_access_key
from vpcache.lab.aws.apigateway.declarations import APIGATEWAY_PARAMETERS
from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.awslambda.parameters import LAMBDA_PARAMETERS
from vpcache.lab.aws.backends import RareBackends, install_backends
from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.cloudformation.calls import LabApi
from vpcache.lab.aws.cloudformation.declarations import CLOUDFORMATION_PARAMETERS
from vpcache.lab.aws.ec2.filters import apply_aws_rules_to_moto
from vpcache.lab.aws.ec2.parameters import EC2_PARAMETERS
from vpcache.lab.aws.ec2.vpcs.cidr_blocks import apply_ipv6_rules_to_moto
from vpcache.lab.aws.elasticache.declarations import ELASTICACHE_PARAMETERS
from vpcache.lab.aws.flow_logs.delivery import FlowLogDelivery
from vpcache.lab.aws.gateway.authorization import Authorization
from vpcache.lab.aws.gateway.bodies.requests import body_error
from vpcache.lab.aws.gateway.buckets import bucket_error, ignore_conditional_statements
from vpcache.lab.aws.gateway.call import Call, body_of
from vpcache.lab.aws.gateway.call_counter import CallCounter, RestRequest
from vpcache.lab.aws.gateway.downloads import download
from vpcache.lab.aws.gateway.errors import as_json, ensure_service_format, error_response, not_emulated
from vpcache.lab.aws.gateway.honoured import Declarations, unhonoured
from vpcache.lab.aws.gateway.request_parameters import operation_of
from vpcache.lab.aws.gateway.unsupported import is_unsupported
from vpcache.lab.aws.gateway.validation import validate_request
from vpcache.lab.aws.iam.parameters import IAM_PARAMETERS, STS_PARAMETERS
from vpcache.lab.aws.messaging.monitoring_parameters import (
    CLOUDWATCH_PARAMETERS,
    LOGS_PARAMETERS,
    SSM_PARAMETERS,
)
from vpcache.lab.aws.messaging.parameters import SNS_PARAMETERS, SQS_PARAMETERS
from vpcache.lab.aws.moto_patches import disable_moto_instance_tracking
from vpcache.lab.aws.regions import unknown_region_error
from vpcache.lab.aws.s3.notifications.delivery import replace_notifications_of_moto
from vpcache.lab.aws.s3.parameters import S3_PARAMETERS
from vpcache.lab.functions.spec import FunctionRunner
from vpcache.lab.permissions import AuthorizedRequest, Permissions
from vpcache.lab.settings import LabSettings

_log = logging.getLogger(__name__)

_MOTO_SETTINGS = {
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # the lab runs no instances, and images take long to load
}
DECLARATIONS: Mapping[str, Declarations] = {
    "apigateway": APIGATEWAY_PARAMETERS,
    "cloudformation": CLOUDFORMATION_PARAMETERS,
    "ec2": EC2_PARAMETERS,
    "elasticache": ELASTICACHE_PARAMETERS,
    "iam": IAM_PARAMETERS,
    "lambda": LAMBDA_PARAMETERS,
    "logs": LOGS_PARAMETERS,
    "monitoring": CLOUDWATCH_PARAMETERS,
    "s3": S3_PARAMETERS,
    "sns": SNS_PARAMETERS,
    "sqs": SQS_PARAMETERS,
    "ssm": SSM_PARAMETERS,
    "sts": STS_PARAMETERS,
}
"""By signing name of a service: the parameters that its operations honour."""
_PASSING_ON = (  # modules in the traceback of every failure of moto
    __name__,
    "vpcache.lab.aws.ec2.pages_and_tokens",
    "vpcache.lab.aws.iam.responses",
    "vpcache.lab.aws.messaging.topics",
)
_CONCURRENT_CHANGE = "during iteration"
"""The end of the messages with which Python reports that a dict, set or deque changed while it was iterated.
The exception is a plain RuntimeError, so only the message identifies it."""


def create_app(
    functions: FunctionRunner,
    reconcile: Callable[[], None],
    settings: Callable[[], LabSettings] = LabSettings,
) -> ControlPlane:
    """Return AWS's API, in every region, as a WSGI application.

    The application calls `reconcile` after each successful change of EC2, ElastiCache or Lambda, before it
    responds. Such changes are serialized; reads and invocations are not. If
    `reconcile` raises, the client gets a 500 that contains the cause. `settings` is called at each use. A
    process has one control plane: another call replaces it, and discards the resources of the services that
    the lab extends.
    """
    os.environ.update(_MOTO_SETTINGS)
    disable_moto_instance_tracking()
    derive_account_from_access_key()
    ignore_conditional_statements()
    apply_aws_rules_to_moto()
    replace_notifications_of_moto()
    apply_ipv6_rules_to_moto()
    changes = Changes(reconcile)
    usage = Usage()
    install_backends(functions, settings, changes, usage)
    api = LabApi()
    rare_backends = RareBackends(changes, api)
    application = _moto_application(rare_backends)
    authorization = Authorization(settings, usage)
    api.app = ControlPlane(application, changes, authorization, FlowLogDelivery(usage), rare_backends.install)
    return api.app


def _moto_application(rare_backends: RareBackends) -> WSGIApplication:
    """Return moto's server application. It creates the application of each service at its first request."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    def create_service_app(service: Any) -> Any:
        rare_backends.install(service)
        return create_backend_app("apigatewayv2" if service == "apigateway" else service)

    class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(create_service_app)
            self._backends: dict[str | None, Any] = {}  # moto searches 180 folders at each call

        def get_backend_for_host(self, host: str | None) -> Any:
            if host not in self._backends:
                self._backends[host] = super().get_backend_for_host(host)
            if host and not self._backends[host]:
                raise NotImplementedError(f"No service is emulated at {host}.")
            return self._backends[host]

    app: WSGIApplication = Dispatcher()
    return app


class ControlPlane:
    """Passes requests to moto, reconciles the data plane after changes, and responds with AWS's errors."""

    def __init__(
        self,
        moto: WSGIApplication,
        changes: Changes,
        authorization: Authorization,
        flow_logs: FlowLogDelivery,
        install: Callable[[str], None],
    ) -> None:
        self.calls = CallCounter()
        self.writes = 0
        """The number of requests that may have changed the model."""
        self.changes = changes
        self.install = install
        """Prepares the backend of a service, by signing name, before its first use."""
        self.flow_logs = flow_logs
        self._moto = moto
        self._authorization = authorization

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request."""
        call = Call.of(environ)
        if call.service:
            self.calls.record(
                f"{call.service}:{call.action}" if call.is_named else RestRequest.of(call.service, environ)
            )
        if call.is_change:
            with self.changes.exclusive_lock():
                response = self._answer(call, environ)
                if not 300 <= response.status_code < 500:  # a failed call may have changed the model partly
                    response = self._reconciled(call, response)
        else:
            response = self._answer(call, environ)
        if not call.is_read:
            self.writes += 1
        return response(environ, start_response)

    def at_rest(self) -> AbstractContextManager[None]:
        """Block all changes inside a `with` block."""
        return self.changes.exclusive_lock()

    def audit(self) -> list[Permissions]:
        """Return the permissions of every principal whose calls were evaluated."""
        return self._authorization.audit()

    def authorized_requests(self) -> tuple[AuthorizedRequest, ...]:
        """Return what was requested while the lab enforced IAM."""
        return self._authorization.requests()

    def _answer(self, call: Call, environ: WSGIEnvironment) -> Response:
        rejection = download(environ) or _rejection(call, environ, self._authorization)
        response = self._ask_moto(call, environ) if rejection is None else rejection
        return as_json(response) if environ.get("HTTP_X_AMZ_TARGET") else response

    def _ask_moto(self, call: Call, environ: WSGIEnvironment) -> Response:
        """Return moto's response; its failures become AWS's errors."""
        try:
            response = Response.from_app(self._moto, environ, buffered=True)
        except NotImplementedError as error:
            return _not_emulated(_with_name(call, environ), str(error))
        except Exception as error:
            return _failure(_with_name(call, environ), error)
        if _is_unrouted(call, response):
            return _not_emulated(_with_name(call, environ), "")
        is_json = "HTTP_X_AMZ_TARGET" in environ
        return response if is_json else ensure_service_format(call.service, response)

    def _reconciled(self, call: Call, response: Response) -> Response:
        try:
            self.changes.reconcile()
        except Exception as error:
            _log.exception("the data plane could not be updated after %s of %s", call.action, call.service)
            message = f"{call.action} succeeded, but the data plane could not be updated: {error}"
            return error_response(call.service, 500, "InternalFailure", message)
        return response


def _rejection(call: Call, environ: WSGIEnvironment, authorization: Authorization) -> Response | None:
    """Return the error for a request that must not reach moto, None if it may."""
    if environ["PATH_INFO"].startswith("/moto-api"):
        message = "moto's own API is closed: its changes would bypass the data plane."
        return error_response(call.service, 501, "NotImplemented", message)
    if call.region and (region_error := unknown_region_error(call.region)):
        return error_response(call.service, 403, *region_error)
    account = account_of(call.key_id)
    if call.is_change and account != ACCOUNT and not _names_function_of_the_lab(environ):
        return _not_emulated(
            call, f"Networks belong to account {ACCOUNT}; the request is by account {account}."
        )
    is_enforced = authorization.is_enforced
    if call.service == "s3" and (s3_error := bucket_error(account, environ, is_authorized=is_enforced)):
        return error_response("s3", *s3_error)
    if unreadable := body_error(call, environ):
        return error_response("" if "HTTP_X_AMZ_TARGET" in environ else call.service, *unreadable)
    if is_unsupported(call.service, call.action, lambda: body_of(environ)):
        return _not_emulated(call, "VPC-attached resources of this type are not emulated.")
    if violation := validate_request(call, environ):
        return error_response(call.service, 400, *violation.error(call.service))
    if refusal := unhonoured(call, environ, DECLARATIONS.get(call.service, {})):
        return error_response(call.service, 501, "NotImplemented", refusal)
    if denial := authorization.denial(call, environ):
        return denial
    if call.is_dry_run:
        message = "Request would have succeeded, but DryRun flag is set."
        return error_response(call.service, 412, "DryRunOperation", message)
    return None


def _names_function_of_the_lab(environ: WSGIEnvironment) -> bool:
    """Return whether a request is about a function of the lab's account, whose policy may allow it."""
    return f":{ACCOUNT}:function:" in environ["PATH_INFO"]


def _failure(call: Call, error: Exception) -> Response:
    """Return the response for an exception from moto or from the lab's backends."""
    if _is_concurrent_change(error):
        message = "A concurrent request changed the resources that this request was reading; retry it."
        return error_response(call.service, 503, "ServiceUnavailable", message)
    _log.exception("%s of %s failed", call.action, call.service or "an unknown service", exc_info=error)
    if not _involves_lab_code(error):
        return _not_emulated(call, f"moto fails at this request: {error!r}")
    return error_response(call.service, 500, "InternalFailure", f"{call.action}: {error!r}")


def _with_name(call: Call, environ: WSGIEnvironment) -> Call:
    """Return a call whose action is the operation's name, also of a request that its URL identifies."""
    return replace(call, action=operation_of(call, environ))


def _not_emulated(call: Call, detail: str) -> Response:
    return not_emulated(call.service, call.action, detail)


def _involves_lab_code(error: BaseException) -> bool:
    """Return whether the lab's code, apart from what passes every request on, is part of a traceback."""
    modules = (frame.f_globals["__name__"] for frame, _ in walk_tb(error.__traceback__))
    return any(module.startswith("vpcache.lab.") and module not in _PASSING_ON for module in modules)


def _is_concurrent_change(error: Exception) -> bool:
    """Return whether another thread changed a collection that moto, which has no locks, was iterating.

    Clients retry the 503 that results.
    """
    return isinstance(error, RuntimeError) and _CONCURRENT_CHANGE in str(error)


def _is_unrouted(call: Call, response: Response) -> bool:
    """Return whether moto has no route for a request: it then responds with an HTML page or an empty body."""
    if response.status_code not in (404, 405) or call.service in ("s3", ""):
        return False
    body = response.get_data().lstrip().lower()
    return response.mimetype == "text/html" and (not body or body.startswith(b"<!doctype html"))
