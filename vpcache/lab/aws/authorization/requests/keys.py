"""Condition keys of requests.

Global keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Sender, Target, Values, tag_keys_in, tags_in
from vpcache.lab.aws.authorization.requests.reference import condition_keys, services
from vpcache.lab.aws.policies.matching import Context

_PER_TARGET = ("aws:requesttag/", "aws:tagkeys", "aws:resourcetag/")
"""Keys that only some actions and resource types have; all requests have the other keys of `aws`."""


def request_keys(call: ApiCall, now: datetime, sender: Sender) -> Context:
    """Return the keys of a call that do not depend on its principal."""
    keys: dict[str, Values] = {
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (call.region,),
        "aws:securetransport": (str(sender.is_secure).lower(),),
        "aws:useragent": (sender.user_agent,),
        "aws:viaawsservice": ("false",),
        "ec2:region": (call.region,),
        **_network_keys(sender),
    }
    if tag_keys := tag_keys_in(call.parameters):
        keys["aws:tagkeys"] = tag_keys
    return keys | {
        f"aws:requesttag/{key.lower()}": (value,) for key, value in tags_in(call.parameters).items()
    }


def _network_keys(sender: Sender) -> dict[str, Values]:
    """Return the keys of the network: a request through a VPC endpoint has no public source address."""
    if sender.endpoint is None:
        return {"aws:sourceip": (sender.address,)}
    return {
        "aws:sourcevpc": (sender.endpoint.vpc_id,),
        "aws:sourcevpce": (sender.endpoint.id,),
        "aws:vpcsourceip": (sender.address,),
    }


def resource_keys(service: str, tags: Mapping[str, str], account: str) -> Context:
    """Return the keys of a resource."""
    keys: dict[str, Values] = {"aws:resourceaccount": (account,)}
    for key, value in tags.items():
        for prefix in {"aws", service}:
            keys[f"{prefix}:resourcetag/{key.lower()}"] = (value,)
    return keys


def of_target(target: Target, context: Context) -> Context:
    """Return the part of a context that a target has: on AWS a condition on another key does not match."""
    service = target.action.partition(":")[0]
    context = {**context, **target.keys}
    if service not in services():
        return context
    known = condition_keys(target.action, target.kind)
    return {key: values for key, values in context.items() if _has(known, key)}


def _has(known: frozenset[str], key: str) -> bool:
    if "." in key.partition(":")[0]:  # of an identity provider, which only AssumeRoleWithWebIdentity has
        return True
    name, slash, _ = key.partition("/")
    if not key.startswith("aws:") or f"{name}{slash}" in _PER_TARGET:
        return key in known or f"{name}{slash}" in known
    return True
