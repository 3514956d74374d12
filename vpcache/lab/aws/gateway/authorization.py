"""Authorizes the requests of functions, and all others if the lab's setting `iam` is "enforce"."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from wsgiref.types import WSGIEnvironment

from werkzeug.wrappers import Response

from vpcache.lab.aws.accounts import account_of
from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.gateway.buckets import is_encrypted
from vpcache.lab.aws.gateway.call import Call
from vpcache.lab.aws.gateway.errors import error_response, not_emulated
from vpcache.lab.aws.gateway.request_parameters import operation_of, parameters_of
from vpcache.lab.aws.iam.execution_sessions import is_of_function
from vpcache.lab.permissions import AuthorizedRequest, Permissions
from vpcache.lab.services.endpoint_requests import used_endpoint
from vpcache.lab.settings import LabSettings

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from vpcache.lab.aws.authorization.enforcement import Authorizer

_DEFAULT_REGION = "us-east-1"  # of unsigned requests


class Authorization:
    """Refuses the requests that the policies in the lab's model do not allow."""

    def __init__(self, settings: Callable[[], LabSettings], usage: Usage) -> None:
        self._settings = settings
        self._usage = usage
        self._authorizer: Authorizer | None = None
        self._lock = threading.Lock()

    @property
    def is_enforced(self) -> bool:
        """Whether policies are evaluated."""
        return self._settings().iam == "enforce"

    def audit(self) -> list[Permissions]:
        """Return the permissions of every principal whose calls were evaluated."""
        from vpcache.lab.aws.authorization.audit import audit

        return audit(self._usage)

    def requests(self) -> tuple[AuthorizedRequest, ...]:
        """Return what was requested while the lab enforced IAM."""
        return self._usage.requests()

    def denial(self, call: Call, environ: WSGIEnvironment) -> Response | None:
        """Return the error for a request that its principal may not make, None if it may."""
        try:
            is_evaluated = self.is_enforced or is_of_function(call.key_id)
            return self._denial(call, environ) if is_evaluated else None
        except NotImplementedError as error:
            return not_emulated(call.service, call.action, str(error))
        except Exception as error:  # refused: a defect must not open the lab
            _log.exception("%s of %s could not be authorized", call.action, call.service)
            message = f"{call.action} could not be authorized: {error!r}"
            return error_response(call.service, 500, "InternalFailure", message)

    def _denial(self, call: Call, environ: WSGIEnvironment) -> Response | None:
        is_web_identity = call.action == "AssumeRoleWithWebIdentity"
        if not (call.service or is_web_identity):
            return None
        from vpcache.lab.aws.authorization.requests.calls import ApiCall, Sender, prefix_of

        operation = operation_of(call, environ)
        service = call.service or "sts"
        api_call = ApiCall(
            prefix_of(service),
            "Unknown" if " " in operation else operation,
            parameters_of(call, operation, environ),
            call.region or _DEFAULT_REGION,
            account_of(call.key_id),
        )
        sender = Sender(
            call.key_id,
            environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""),
            environ.get("REMOTE_ADDR", ""),
            environ.get("HTTP_USER_AGENT", ""),
            is_encrypted(environ),
            used_endpoint(environ),
        )
        denial = self._imported_authorizer().denial(api_call, sender)
        if denial is None:
            return None
        return error_response(service, denial.status, denial.code, denial.message)

    def _imported_authorizer(self) -> Authorizer:
        """Return the authorizer. It is imported at its first use: that takes 0.1 s."""
        from vpcache.lab.aws.authorization.enforcement import Authorizer

        with self._lock:
            if self._authorizer is None:
                self._authorizer = Authorizer(self._usage)
            return self._authorizer
