"""Decides about calls, and records which permissions were used."""

from __future__ import annotations

from datetime import UTC, datetime

from vpcache.lab.aws.authorization.denial import Denial, access_denied, expired_token, invalid_token
from vpcache.lab.aws.authorization.evaluation import WITH_POLICIES, evaluation
from vpcache.lab.aws.authorization.model import Model, endpoint_policy
from vpcache.lab.aws.authorization.principals import (
    ExpiredTokenError,
    InvalidTokenError,
    caller_of,
)
from vpcache.lab.aws.authorization.requests.calls import ApiCall, Sender
from vpcache.lab.aws.authorization.requests.keys import request_keys
from vpcache.lab.aws.authorization.requests.targets import targets
from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.authorization.web_identity import web_identity
from vpcache.lab.aws.iam.identity_tokens import IdentityTokenError
from vpcache.lab.aws.policies.decision import decide


class Authorizer:
    """Authorizes calls by the policies in the lab's model."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    def denial(self, call: ApiCall, sender: Sender) -> Denial | None:
        """Return the error for a call that its principal may not make, None if it may."""
        now = datetime.now(UTC)
        try:
            caller = web_identity(call, now) or caller_of(sender.key_id, sender.token, now)
        except IdentityTokenError as error:
            return Denial(400, error.code, str(error))
        except InvalidTokenError:
            return invalid_token(call.service)
        except ExpiredTokenError:
            return expired_token(call.service)
        if caller.is_unrestricted and call.service not in WITH_POLICIES and not sender.endpoint:
            return None
        model = Model(call.account, call.region)
        context = {**request_keys(call, now, sender), **caller.keys}
        through = endpoint_policy(sender.endpoint) if sender.endpoint else None
        for target in targets(call, model):
            request, policies = evaluation(caller, target, context, model, through)
            decision = decide(request, policies)
            if not caller.principal.federated:  # it has no policies
                self._usage.record(caller.owner, request, decision)
            if not decision.is_allowed:
                return access_denied(call.service, request, decision)
        return None
