"""The temporary credentials of function processes: sessions of their execution roles.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

from vpcache.lab.aws.iam.sessions import SessionsBackend
from vpcache.lab.functions.spec import Credentials

_PARTITION = "aws"
_SECONDS = 10 * 365 * 24 * 3600  # a session ends with its process
_TEMPORARY = "ASIA"
_MIN_NAME = 2  # characters of a session's name


class ExecutionSessions:
    """Begins and ends the sessions of function processes. For several threads."""

    def begin(self, role_arn: str, function_name: str) -> Credentials:
        """Return new credentials of a role, in a session for a function."""
        account, region = role_arn.split(":")[4], "us-east-1"
        key = iam_backends[account][_PARTITION].create_temp_access_key()
        session = AssumedRole(
            account_id=account,
            region_name=region,
            access_key=key,
            role_session_name=session_name(function_name),
            role_arn=role_arn,
            policy="",
            duration=_SECONDS,
            external_id="",
        )
        session.issued = utcnow()
        _sessions(account).begin_execution(session)
        return Credentials(key.access_key_id, key.secret_access_key, session.session_token)

    def end(self, credentials: Credentials) -> None:
        """Revoke credentials. Those of a control plane that was replaced are no error."""
        for account in list(sts_backends):
            if _sessions(account).end_execution(credentials.access_key_id):
                iam_backends[account][_PARTITION].access_keys.pop(credentials.access_key_id, None)


def session_name(function_name: str) -> str:
    """Return the name of a function's sessions: its own, with a suffix if that is too short for a session.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_RequestParameters
    """
    return function_name if len(function_name) >= _MIN_NAME else f"{function_name}@lambda_function"


def is_of_function(access_key_id: str) -> bool:
    """Return whether an access key is or was of a function process."""
    if not access_key_id.startswith(_TEMPORARY):
        return False
    return any(_sessions(account).is_of_execution(access_key_id) for account in list(sts_backends))


def _sessions(account: str) -> SessionsBackend:
    backend: Any = sts_backends[account][_PARTITION]
    return backend  # type: ignore[no-any-return]
