"""The execution roles of functions: whether Lambda may assume them, and what they allow.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vpcache.lab.aws.authorization.evaluation import evaluation
from vpcache.lab.aws.authorization.model import Model
from vpcache.lab.aws.authorization.principals import (
    ExpiredTokenError,
    InvalidTokenError,
    caller_of,
    role_caller,
)
from vpcache.lab.aws.authorization.requests.calls import ApiCall, Sender, Target
from vpcache.lab.aws.authorization.requests.keys import request_keys
from vpcache.lab.aws.authorization.requests.targets import targets
from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.awslambda.url_callers import Signature, UrlCaller
from vpcache.lab.aws.policies.decision import Policies, Request, decide
from vpcache.lab.aws.policies.matching import Context
from vpcache.lab.aws.policies.principals import Principal

_URL_ACTIONS = {
    "lambda:InvokeFunctionUrl": {"lambda:functionurlauthtype": ("AWS_IAM",)},
    "lambda:InvokeFunction": {"lambda:invokedviafunctionurl": ("true",)},
}
"""What a caller of a function URL needs, with the condition keys of each:
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""
_INVOKE_API = "execute-api:Invoke"
_SERVICE = Principal("lambda.amazonaws.com", "", is_service=True)


class PolicyRoles:
    """Execution roles by the policies in the lab's model. What Lambda does with a role is its use, too."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    def can_be_assumed(
        self, role_arn: str, service: Principal = _SERVICE, context: Context | None = None
    ) -> bool:
        """Return whether a service, Lambda by default, may assume a role in a context of condition keys."""
        role = Model(role_arn.split(":")[4], "").resource(role_arn)
        policies = Policies(resource=role.policy, resource_account=role.account, is_trust=True)
        return decide(Request(service, "sts:AssumeRole", role_arn, context or {}), policies).is_allowed

    def allows(self, role_arn: str, region: str, action: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether a role may make a call in a region; `action` is like "sqs:SendMessage"."""
        service, _, operation = action.partition(":")
        caller = role_caller(role_arn)
        account = caller.principal.account
        call = ApiCall(service, operation, parameters, region, account)
        context = {**request_keys(call, datetime.now(UTC), Sender()), **caller.keys}
        model = Model(account, region)
        for target in targets(call, model):
            request, policies = evaluation(caller, target, context, model)
            decision = decide(request, policies)
            self._usage.record(caller.owner, request, decision)
            if not decision.is_allowed:
                return False
        return True

    def url_caller(self, signature: Signature, function_arn: str) -> UrlCaller | None:
        """Return who signed a request to a function URL, None if it is forbidden."""
        targets = [Target(action, function_arn, "function", keys) for action, keys in _URL_ACTIONS.items()]
        return self._permitted(signature, "lambda", targets)

    def api_caller(self, signature: Signature, request_arn: str) -> UrlCaller | None:
        """Return who signed a request to an HTTP API, None if it is forbidden."""
        return self._permitted(signature, "execute-api", [Target(_INVOKE_API, request_arn)])

    def _permitted(self, signature: Signature, service: str, targets: Sequence[Target]) -> UrlCaller | None:
        """Return who signed a request, None if the targets are not all allowed."""
        now = datetime.now(UTC)
        try:
            caller = caller_of(signature.key_id, signature.token, now)
        except (ExpiredTokenError, InvalidTokenError):
            return None
        _, _, _, region, account, *_ = targets[0].resource.split(":")
        call = ApiCall(service, "Invoke", {}, region, account)
        context = {**request_keys(call, now, Sender(signature.key_id, signature.token)), **caller.keys}
        model = Model(account, region)
        for target in targets:
            request, policies = evaluation(caller, target, context, model)
            decision = decide(request, policies)
            self._usage.record(caller.owner, request, decision)
            if not decision.is_allowed:
                return None
        principal = caller.principal
        user_id = caller.keys["aws:userid"][0]
        return UrlCaller(signature.key_id, principal.account, principal.arn, user_id)
