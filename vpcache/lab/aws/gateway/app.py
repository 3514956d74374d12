"""AWS's API in every region: moto with the lab's extension, which tells the data plane of every change."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from traceback import walk_tb
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Response

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.accounts import account_of, tell_accounts_by_key
from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.gateway.buckets import bucket_problem, ignore_conditional_statements
from vpcache.lab.aws.gateway.call import Call, body_of
from vpcache.lab.aws.gateway.call_counter import Calls, RestRequest
from vpcache.lab.aws.gateway.errors import ensure_service_format, error_response, not_emulated
from vpcache.lab.aws.gateway.unsupported import is_unsupported
from vpcache.lab.aws.gateway.validation import validate_request
from vpcache.lab.aws.moto_patches import disable_moto_instance_tracking
from vpcache.lab.aws.regions import region_problem
from vpcache.lab.functions.spec import FunctionRunner
from vpcache.lab.settings import Settings

_log = logging.getLogger(__name__)

_SETTINGS = {
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # the lab runs no instances, and images take long to load
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # roles attach AWS's own policies
}


def create_app(
    functions: FunctionRunner, settle: Callable[[], None], settings: Callable[[], Settings] = Settings
) -> ControlPlane:
    """Return AWS's API, in every region, as a WSGI application.

    `reconcile` is called after each successful change to EC2, ElastiCache or Lambda, before the answer goes
    out; such changes wait for each other, reads and invocations for nothing. If it raises, the caller gets a
    500 that names the cause. `settings` are asked for at each use. A process has one control plane: a second
    one takes the place of the first, whose EC2, ElastiCache, Lambda and IAM are gone.
    """
    os.environ.update(_SETTINGS)
    disable_moto_instance_tracking()
    tell_accounts_by_key()
    ignore_conditional_statements()
    changes = Changes(settle)
    return ControlPlane(_extended_moto(functions, settings, changes), changes)


def _extended_moto(
    functions: FunctionRunner, settings: Callable[[], Settings], changes: Changes
) -> WSGIApplication:
    """Return moto's server application with all that the lab replaces in it, which is:

    - EC2's backend: addresses inside their subnets, AWS's dependency rules, no default VPC;
    - ElastiCache's backend and API: memcached clusters and their groups, which moto lacks;
    - Lambda's backend and API: interfaces in the VPC, and a runner in the place of Docker;
    - IAM's backend: lists that lag behind;
    - Service Quotas' backend: the quotas that the lab enforces.
    """
    from moto.awslambda.models import lambda_backends
    from moto.ec2.models import ec2_backends
    from moto.elasticache.models import elasticache_backends
    from moto.iam.models import iam_backends
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.servicequotas.models import servicequotas_backends

    from vpcache.lab.aws.awslambda.backend import FunctionsBackend
    from vpcache.lab.aws.ec2.backend import Ec2Backend
    from vpcache.lab.aws.elasticache.backend import MemcachedBackend
    from vpcache.lab.aws.identities import IdentitiesBackend
    from vpcache.lab.aws.quotas import QuotasBackend

    replaced = {
        ec2_backends: partial(Ec2Backend, settings=settings),
        elasticache_backends: partial(MemcachedBackend, settings=settings, later=changes.later),
        lambda_backends: partial(FunctionsBackend, runner=functions, settings=settings, later=changes.later),
        iam_backends: partial(IdentitiesBackend, settings=settings),
        servicequotas_backends: partial(QuotasBackend, settings=settings),
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
            self.calls.note(
                f"{call.service}:{call.action}" if call.is_named else RestRequest.of(call.service, environ)
            )
        if call.is_change:
            with self._changes.exclusive_lock():
                response = self._answer(call, environ)
                if not 300 <= response.status_code < 500:  # what failed half way may have changed something
                    response = self._settled(call, response)
        else:
            response = self._answer(call, environ)
        return response(environ, start_response)

    def at_rest(self) -> AbstractContextManager[None]:
        """Let no change happen inside a `with` block."""
        return self._changes.exclusive_lock()

    def _answer(self, call: Call, environ: WSGIEnvironment) -> Response:
        if environ["PATH_INFO"].startswith("/moto-api"):
            return error_response(
                call.service, 501, "NotImplemented", "moto's own API would change the lab unseen."
            )
        if call.region and (problem := region_problem(call.region)):
            return error_response(call.service, 403, *problem)
        account = account_of(call.key_id)
        if call.is_change and account != ACCOUNT:
            return _not_emulated(call, f"The networks are those of account {ACCOUNT}, not of {account}.")
        if call.service == "s3" and (refused := bucket_problem(account, environ)):
            return error_response("s3", *refused)
        if is_unsupported(call.service, call.action, lambda: body_of(environ)):
            return _not_emulated(call, "It would have a place in a VPC, and no packet would find it.")
        if fault := validate_request(call, environ):
            return error_response(call.service, 400, *fault.error(call.service))
        if call.is_dry_run:
            message = "Request would have succeeded, but DryRun flag is set."
            return error_response(call.service, 412, "DryRunOperation", message)
        try:
            response = Response.from_app(self._moto, environ, buffered=True)
        except NotImplementedError as error:
            return _not_emulated(call, str(error))
        except Exception as error:
            if _is_race(error):
                message = "Another request changed what this one was reading; repeat it."
                return error_response(call.service, 503, "ServiceUnavailable", message)
            _log.exception("%s of %s failed", call.action, call.service or "an unknown service")
            if not _is_ours(error):
                return _not_emulated(call, f"moto fails at this request: {error!r}")
            return error_response(call.service, 500, "InternalFailure", f"{call.action}: {error!r}")
        return (
            _not_emulated(call, "")
            if _is_unrouted(call, response)
            else ensure_service_format(call.service, response)
        )

    def _settled(self, call: Call, response: Response) -> Response:
        try:
            self._changes.reconcile()
        except Exception as error:
            _log.exception("the network does not follow %s of %s", call.action, call.service)
            message = f"{call.action} was done, its network not: {error}"
            return error_response(call.service, 500, "InternalFailure", message)
        return response


def _not_emulated(call: Call, detail: str) -> Response:
    return not_emulated(call.service, call.action, detail)


def _is_ours(error: BaseException) -> bool:
    """Tell whether code of the lab had a part in an error that moto raised."""
    modules = (frame.f_globals["__name__"] for frame, _ in walk_tb(error.__traceback__))
    return any(module.startswith("vpcache.lab.") and module != __name__ for module in modules)


def _is_race(error: Exception) -> bool:
    """Tell whether moto, which locks nothing, met with a change by another thread: clients repeat a 503."""
    return isinstance(error, RuntimeError) and "during iteration" in str(error)


def _is_unrouted(call: Call, response: Response) -> bool:
    """Tell whether moto has no route for a request, to which it answers with an HTML page or with nothing."""
    if response.status_code not in (404, 405) or call.service in ("s3", ""):
        return False
    body = response.get_data().lstrip().lower()
    return response.mimetype == "text/html" and (not body or body.startswith(b"<!doctype html"))
