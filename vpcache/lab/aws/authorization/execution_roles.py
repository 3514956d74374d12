"""What Lambda requires of the role of a function.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
"""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.lab.aws.authorization.denial import Denial
from vpcache.lab.aws.authorization.model import Model
from vpcache.lab.aws.authorization.principals import role_caller
from vpcache.lab.aws.authorization.requests.calls import ApiCall
from vpcache.lab.aws.authorization.requests.reference import arn
from vpcache.lab.aws.policies.decision import Policies, Request, decide
from vpcache.lab.aws.policies.principals import Principal

_SETTING_ROLE = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})
_SERVICE = Principal("lambda.amazonaws.com", "", is_service=True)
_CALLED = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")


def execution_role_denial(call: ApiCall, model: Model) -> Denial | None:
    """Return the error for a function whose role lacks a permission that Lambda requires."""
    role_arn = call.text("Role")
    if call.service != "lambda" or call.operation not in _SETTING_ROLE or not role_arn:
        return None
    trust = model.resource(role_arn)
    assumption = Request(_SERVICE, "sts:AssumeRole", role_arn)
    policies = Policies(resource=trust.policy, resource_account=trust.account, is_trust=True)
    if not decide(assumption, policies).is_allowed:
        return _invalid("The role defined for the function cannot be assumed by Lambda.")
    if not (call.parameters.get("VpcConfig") or {}).get("SubnetIds"):
        return None
    for operation in _missing(call, role_arn):
        return _invalid(f"The provided execution role does not have permissions to call {operation} on EC2")
    return None


def role_allows(role_arn: str, action: str, resource: str) -> bool:
    """Return whether a function's role may perform an action on a resource, by the policies of both."""
    caller = role_caller(role_arn)
    _, _, _, region, account, *_ = resource.split(":")
    target = Model(account, region).resource(resource)
    policies = Policies(
        identity=caller.identity,
        boundary=caller.boundary,
        resource=target.policy,
        resource_account=target.account,
    )
    return decide(Request(caller.principal, action, resource, caller.keys), policies).is_allowed


def _missing(call: ApiCall, role_arn: str) -> Iterator[str]:
    caller = role_caller(role_arn)
    interface = arn("ec2", "network-interface", call.region, call.account)
    for operation in _CALLED:
        resource = "*" if operation.startswith("Describe") else interface
        request = Request(caller.principal, f"ec2:{operation}", resource, caller.keys)
        policies = Policies(identity=caller.identity, boundary=caller.boundary)
        if not decide(request, policies).is_allowed:
            yield operation


def _invalid(message: str) -> Denial:
    return Denial(400, "InvalidParameterValueException", message)
