"""What authorization reads of the lab's model: resources, their tags and their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.elasticache.models import elasticache_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from werkzeug.exceptions import HTTPException

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.apigateway.backend import http_apis_of
from vpcache.lab.aws.authorization.principals import PARTITION, parsed, tags_of
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.awslambda.layers.names import LayerName
from vpcache.lab.aws.policies.documents import Document, PolicyKind
from vpcache.lab.services.endpoint_requests import UsedEndpoint

_IAM = {"group": "groups", "instance-profile": "instance_profiles", "role": "roles", "user": "users"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource, as far as policies depend on it."""

    account: str
    tags: Mapping[str, str]
    policy: Document | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """The resources of one account in one region. Implements `requests.calls.Directory`."""

    account: str
    region: str

    def joined(self, association_id: str) -> tuple[str, ...]:
        """Return the IDs of the EC2 resources that an association or attachment joins."""
        ec2 = ec2_backends[self.account][self.region]
        for table in list(ec2.route_tables.values()):
            if association_id == table.main_association_id:
                return (table.id,)
            if association_id in table._associations:
                return table.id, table._associations[association_id]
        for acl in list(ec2.network_acls.values()):
            if association_id in acl._associations:
                return (acl._associations[association_id].subnet_id,)
        for eip in list(ec2.addresses):
            if eip.association_id == association_id:
                interface = getattr(eip.eni, "id", None)
                return tuple(filter(None, (eip.allocation_id, interface)))
        for interface in list(ec2.enis.values()):
            if interface.attachment_id == association_id:
                return tuple(filter(None, (interface.id, getattr(interface.instance, "id", None))))
        return ()

    def iam_arn(self, kind: str, name: str) -> str:
        """Return the ARN of a role, user, group or instance profile; "" if it is unknown."""
        identities = getattr(iam_backends[self.account][PARTITION], _IAM[kind])
        return next((str(each.arn) for each in list(identities.values()) if each.name == name), "")

    def topic_of(self, subscription_arn: str) -> str:
        """Return the ARN of a subscription's topic; "" if it is unknown."""
        subscriptions = sns_backends[self.account][self.region].subscriptions
        subscription = subscriptions.get(subscription_arn)
        return str(subscription.topic.arn) if subscription else ""

    def subnets_of(self, group_name: str) -> tuple[str, ...]:
        """Return the IDs of the subnets of a cache subnet group."""
        groups = elasticache_backends[self.account][self.region].subnet_groups
        group = groups.get(group_name.lower())
        return tuple(each.id for each in group.subnets) if group else ()

    def resource(self, arn: str) -> Resource:
        """Return a resource, without tags and policy if it does not exist yet."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or "*" in arn:
            return Resource(self.account, {})
        service, region, account, name = parts[2], parts[3], parts[4], parts[5]
        read = _READERS.get(service)
        try:
            found = read(account or self.account, region or self.region, name, arn) if read else None
        except (KeyError, ValueError, StopIteration, ServiceException, HTTPException):
            found = None
        return found or Resource(account or self.account, {})


def endpoint_policy(endpoint: UsedEndpoint) -> Document | None:
    """Return the policy of a VPC endpoint, None if the endpoint was deleted since the request."""
    found = ec2_backends[ACCOUNT][endpoint.region].vpc_end_points.get(endpoint.id)
    return parsed(found.policy_document, PolicyKind.RESOURCE) if found else None


def _apigateway(account: str, region: str, name: str, _: str) -> Resource | None:
    _, collection, api_id, *rest = [*name.split("/"), ""]
    if collection != "apis" or not api_id:
        return None
    api = http_apis_of(account, region).http_api(api_id)
    is_stage = rest[:1] == ["stages"] and rest[1] in api.stages
    return Resource(account, dict(api.stages[rest[1]].tags if is_stage else api.tags))


def _ec2(account: str, region: str, name: str, _: str) -> Resource:
    return Resource(account, dict(ec2_backends[account][region].tags.get(name.rpartition("/")[2], {})))


def _elasticache(account: str, region: str, _: str, arn: str) -> Resource:
    return Resource(account, dict(elasticache_backends[account][region].resource_tags.get(arn, {})))


def _iam(account: str, _: str, name: str, arn: str) -> Resource:
    iam = iam_backends[account][PARTITION]
    kind = name.partition("/")[0]
    if kind == "role":
        role = next(each for each in list(iam.roles.values()) if each.arn == arn)
        document = role.assume_role_policy_document
        return Resource(account, tags_of(role), parsed(document, PolicyKind.TRUST))
    if kind == "policy":
        return Resource(account, tags_of(iam.managed_policies[arn]))
    return Resource(account, iam.tagger.get_tag_dict_for_resource(arn))


def _lambda(account: str, region: str, name: str, _: str) -> Resource | None:
    kind, function_name, *qualifier = name.split(":")
    backend = lambda_of(account, region)
    if kind == "layer" and qualifier:
        layer = LayerName(region, account, function_name)
        document = backend.layers.policy(layer, int(qualifier[0])).document
        return Resource(account, {}, parsed(json.dumps(document), PolicyKind.RESOURCE))
    if kind != "function":
        return None
    function = backend.functions.find(function_name)
    statements = function.policy(qualifier[0] if qualifier else None).statements
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None
    tags = dict(function.latest.tags)
    return Resource(account, tags, parsed(policy, PolicyKind.RESOURCE) if policy else None)


def _s3(account: str, _: str, name: str, __: str) -> Resource:
    bucket_name = name.partition("/")[0]
    if bucket_name not in s3_backends.bucket_accounts:
        return Resource(account, {})
    partition, owner = s3_backends.bucket_accounts[bucket_name]
    bucket = s3_backends[owner][partition].buckets[bucket_name]
    return Resource(owner, {}, parsed(bucket.policy, PolicyKind.RESOURCE) if bucket.policy else None)


def _sns(account: str, region: str, _: str, arn: str) -> Resource:
    topic = sns_backends[account][region].topics[arn]
    return Resource(account, dict(topic._tags), parsed(topic.policy, PolicyKind.RESOURCE))


def _sqs(account: str, region: str, name: str, _: str) -> Resource:
    queue = sqs_backends[account][region].queues[name]
    return Resource(
        account, dict(queue.tags), parsed(queue.policy, PolicyKind.RESOURCE) if queue.policy else None
    )


def _tagger(backends: Any) -> Callable[[str, str, str, str], Resource]:
    def read(account: str, region: str, _: str, arn: str) -> Resource:
        base = arn.partition(":log-stream:")[0]
        return Resource(account, backends[account][region].tagger.get_tag_dict_for_resource(base))

    return read


_READERS: Mapping[str, Callable[[str, str, str, str], Resource | None]] = {
    "apigateway": _apigateway,
    "cloudwatch": _tagger(cloudwatch_backends),
    "ec2": _ec2,
    "elasticache": _elasticache,
    "iam": _iam,
    "lambda": _lambda,
    "logs": _tagger(logs_backends),
    "s3": _s3,
    "sns": _sns,
    "sqs": _sqs,
}
