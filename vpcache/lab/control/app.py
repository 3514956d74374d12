"""The region's API: moto with the lab's extension, which tells the data plane of every change."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from vpcache.lab.control import ACCOUNT
from vpcache.lab.control.changes import Changes
from vpcache.lab.control.operations import Asked, Calls
from vpcache.lab.functions import FunctionRunner
from vpcache.lab.settings import Settings

_log = logging.getLogger(__name__)

_SETTLING = frozenset({"ec2", "elasticache", "lambda"})  # services whose changes the data plane follows
_QUERY = frozenset({"ec2", "elasticache"})  # those of them that name the action in a form
_READING = ("Describe", "Get", "List")  # how the names of such actions begin
_WITHOUT_WIRES = frozenset(
    {
        "AcceptVpcPeeringConnection",
        "CreateCarrierGateway",
        "CreateClientVpnEndpoint",
        "CreateTransitGateway",
        "CreateTransitGatewayVpcAttachment",
        "CreateVpcPeeringConnection",
        "CreateVpnConnection",
        "CreateVpnGateway",
        "RequestSpotFleet",
        "RequestSpotInstances",
        "RunInstances",
        "CreateFleet",
    }
)
"""What moto would make in EC2 and the lab has no wires for."""
_SERVICES_WITHOUT_WIRES = frozenset(
    {
        "batch",
        "dax",
        "directconnect",
        "dms",
        "ds",
        "ecs",
        "eks",
        "elasticfilesystem",
        "elasticloadbalancing",
        "elasticmapreduce",
        "es",
        "kafka",
        "memorydb",
        "mq",
        "network-firewall",
        "rds",
        "redshift",
        "vpc-lattice",
        "workspaces",
    }
)
"""Signing names of services that live in VPCs and that moto would let live nowhere."""
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
_SETTINGS = {
    "MOTO_ACCOUNT_ID": ACCOUNT,  # else moto asks IAM of every partition whose key each request bears
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # the lab runs no instances, and images take long to load
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # roles attach AWS's own policies
}


def create_app(
    functions: FunctionRunner, settle: Callable[[], None], settings: Callable[[], Settings] = Settings
) -> ControlPlane:
    """Return the region's API as a WSGI application.

    `settle` is called after each change to EC2, ElastiCache or Lambda that succeeded, before the answer goes
    out; such changes wait for each other, reads and invocations for nothing. If it raises, the caller gets a
    500 that names the cause. `settings` are asked for at each use. A process has one region: a second one
    takes the place of the first, whose EC2, ElastiCache and Lambda are gone.
    """
    os.environ.update(_SETTINGS)
    changes = Changes(settle)
    return ControlPlane(_extended_moto(functions, settings, changes), changes)


def _extended_moto(
    functions: FunctionRunner, settings: Callable[[], Settings], changes: Changes
) -> WSGIApplication:
    """Return moto's server application with all that the lab replaces in it, which is:

    - EC2's backend: addresses inside their subnets, AWS's dependency rules, no default VPC;
    - ElastiCache's backend and API: memcached clusters and their groups, which moto lacks;
    - Lambda's backend and API: interfaces in the VPC, and a runner in the place of Docker.
    """
    from moto.awslambda.models import lambda_backends
    from moto.ec2.models import ec2_backends
    from moto.elasticache.models import elasticache_backends
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from vpcache.lab.control.awslambda import FunctionsBackend
    from vpcache.lab.control.ec2 import Ec2Backend
    from vpcache.lab.control.elasticache import MemcachedBackend

    replaced = {
        ec2_backends: partial(Ec2Backend, settings=settings),
        elasticache_backends: partial(MemcachedBackend, settings=settings),
        lambda_backends: partial(FunctionsBackend, runner=functions, settings=settings, later=changes.later),
    }
    for backends, ours in replaced.items():
        backends.clear()
        backends.backend = ours

    class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(create_backend_app)
            self._found: dict[str | None, Any] = {}  # moto looks for 180 folders each time

        def get_backend_for_host(self, host: str | None) -> Any:
            if host not in self._found:
                self._found[host] = super().get_backend_for_host(host)
            if host and not self._found[host]:
                raise NotImplementedError(f"There is nothing at {host}.")
            return self._found[host]

    app: WSGIApplication = Dispatcher()
    return app


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks of which service."""

    service: str  # its signing name
    action: str  # the API's name for it, or "METHOD /path" where only the URL says
    is_change: bool  # of something that the data plane follows
    is_dry_run: bool = False

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> Call:
        """Read a request; its body stays readable."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = scope[1] if scope else ""
        form = _form(environ)
        action = _action(environ, form)
        if service in _QUERY:
            is_change = not action.startswith(_READING)
        else:
            is_invocation = re.search(r"/invo(cations|ke-async)/?$", environ["PATH_INFO"])
            is_change = environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not is_invocation
        is_dry_run = service == "ec2" and form.get("DryRun") == ["true"]
        return cls(service, action, is_change and service in _SETTLING, is_dry_run)

    @property
    def is_without_wires(self) -> bool:
        """Whether it makes something that has a place in a VPC and none on the lab's network."""
        if self.service == "ec2":
            return self.action in _WITHOUT_WIRES
        is_reading = self.action.startswith((*_READING, "GET ", "HEAD "))
        return self.service in _SERVICES_WITHOUT_WIRES and not is_reading


class ControlPlane:
    """Passes requests on, settles what they changed, and answers like AWS whatever happens."""

    def __init__(self, moto: WSGIApplication, changes: Changes) -> None:
        self.calls = Calls()
        self._moto = moto
        self._changes = changes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request."""
        call = Call.of(environ)
        if call.service:
            is_named = " " not in call.action
            self.calls.note(f"{call.service}:{call.action}" if is_named else Asked.of(call.service, environ))
        if call.is_change:
            with self._changes.alone():
                response = self._answer(call, environ)
                if response.status_code < 300:
                    response = self._settled(call, response)
        else:
            response = self._answer(call, environ)
        return response(environ, start_response)

    def at_rest(self) -> AbstractContextManager[None]:
        """Let no change happen inside a `with` block."""
        return self._changes.alone()

    def _answer(self, call: Call, environ: WSGIEnvironment) -> Response:
        if environ["PATH_INFO"].startswith("/moto-api"):
            return _refusal(call, 501, "NotImplemented", "moto's own API would change the lab unseen.")
        if call.is_without_wires:
            return _not_emulated(call, "It would have a place in a VPC, and no packet would find it.")
        if call.is_dry_run:
            message = "Request would have succeeded, but DryRun flag is set."
            return _refusal(call, 412, "DryRunOperation", message)
        try:
            response = Response.from_app(self._moto, environ, buffered=True)
        except NotImplementedError as error:
            return _not_emulated(call, str(error))
        except Exception as error:
            _log.exception("%s of %s failed", call.action, call.service or "an unknown service")
            return _refusal(call, 500, "InternalFailure", f"{call.action}: {error!r}")
        return _not_emulated(call, "") if _is_unrouted(call, response) else response

    def _settled(self, call: Call, response: Response) -> Response:
        try:
            self._changes.settle()
        except Exception as error:
            _log.exception("the network does not follow %s of %s", call.action, call.service)
            return _refusal(call, 500, "InternalFailure", f"{call.action} was done, its network not: {error}")
        return response


def _form(environ: WSGIEnvironment) -> dict[str, list[str]]:
    """Return the form of a request, empty if it has none; its body stays readable."""
    form = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        form = body.decode(errors="replace") or form
    return parse_qs(form)


def _action(environ: WSGIEnvironment, form: dict[str, list[str]]) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rsplit(".", 1)[-1]
    named = form.get("Action")
    return named[0] if named else f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _is_unrouted(call: Call, response: Response) -> bool:
    """Tell whether moto has no route for a request, to which it answers with an HTML page or with nothing."""
    if response.status_code not in (404, 405) or call.service in ("s3", ""):
        return False
    body = response.get_data().lstrip().lower()
    return response.mimetype == "text/html" and (not body or body.startswith(b"<!doctype html"))


def _not_emulated(call: Call, detail: str) -> Response:
    message = f"{call.action} of {call.service or 'an unsigned service'} is not emulated by the lab."
    return _refusal(call, 501, "NotImplemented", f"{message} {detail}".rstrip())


def _refusal(call: Call, status: int, code: str, message: str) -> Response:
    """Return an error in the form that the service's clients expect."""
    request_id = str(uuid.uuid4())
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if call.service == "ec2":
        body = (
            f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
    elif call.service in ("elasticache", "iam", "sts", "sns", "monitoring"):
        body = (
            f"<ErrorResponse><Error><Type>Receiver</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    elif call.service == "s3":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": request_id}
        body = json.dumps({"__type": code, "message": message})
        return Response(body, status, headers, content_type="application/json")
    return Response(body, status, content_type="text/xml")
