"""Resource types that their services list by name: rules, alarms, topics, functions, log groups, roles.

The Resource Groups Tagging API would find most of them in one call. But it lists recently deleted resources,
omits recently created ones, and does not support IAM roles:
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vpcache.stack.resource_types.resource_type import (
    REGION_TAG,
    STACK_TAG,
    FoundResource,
    Notify,
    ResourceType,
    Search,
    error_code,
    is_gone,
    is_named_after,
    one_call,
    pages,
    pairs,
    wait,
)
from vpcache.stack.target import Target

_FUNCTION_MINUTES = 10  # Lambda may take this time to create a function's first interfaces in a subnet


@dataclass(frozen=True)
class ListedResource:
    """An item of a service's list: its name, its handle for reading tags, and its creation time."""

    name: str
    handle: str
    created: datetime | None = None


def named_type(
    name: str,
    terraform_type: str,
    service: str,
    listing: Callable[[Any, str], Iterator[ListedResource]],
    tags: Callable[[Any, str], Mapping[str, str]],
    delete: Callable[[Any, str, Notify], None],
    *,
    prefix: str = "",
    is_deleted_by_handle: bool = False,
    is_global: bool = False,
) -> ResourceType:
    """Return a resource type that is listed by name.

    `listing` receives a client and the prefix of the stack's names. `delete` receives the name, or the handle
    if `is_deleted_by_handle`. A resource with the stack's name but another stack's tag belongs to that stack.
    A resource of a global service with another region's tag belongs to the stack of this name in that region.
    """

    def find(target: Target, search: Search) -> Iterator[FoundResource]:
        client = target.client(service)
        for item in listing(client, f"{prefix}{search.stack}"):
            if not is_named_after(item.name.removeprefix(prefix), search.stack):
                continue
            known_tags = _unless_gone(tags, client, item.handle)
            if known_tags is None or known_tags.get(STACK_TAG) not in (search.stack, None):
                continue
            if is_global and not _is_in_region(known_tags, item.created, target.region, search):
                continue
            yield FoundResource(
                item.handle if is_deleted_by_handle else item.name,
                is_tagged=STACK_TAG in known_tags,
                created=item.created,
            )

    return ResourceType(
        name, (terraform_type,), find, lambda target, id, notify: delete(target.client(service), id, notify)
    )


def _unless_gone(
    tags: Callable[[Any, str], Mapping[str, str]], client: Any, handle: str
) -> Mapping[str, str] | None:
    """Return a resource's tags, None if it was deleted after it was listed."""
    from botocore.exceptions import ClientError

    try:
        return tags(client, handle)
    except ClientError as error:
        if is_gone(error):
            return None
        raise


def _is_in_region(tags: Mapping[str, str], created: datetime | None, region: str, search: Search) -> bool:
    if REGION_TAG in tags:
        return tags[REGION_TAG] == region
    return created is not None and search.since is not None and created >= search.since


def _rules(client: Any, prefix: str) -> Iterator[ListedResource]:
    for rule in pages(client, "list_rules", "Rules", NamePrefix=prefix):
        yield ListedResource(rule["Name"], rule["Arn"])


def _alarms(client: Any, prefix: str) -> Iterator[ListedResource]:
    for alarm in pages(client, "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix):
        yield ListedResource(alarm["AlarmName"], alarm["AlarmArn"])


def _topics(client: Any, _prefix: str) -> Iterator[ListedResource]:
    for topic in pages(client, "list_topics", "Topics"):
        yield ListedResource(topic["TopicArn"].rpartition(":")[2], topic["TopicArn"])


def _functions(client: Any, _prefix: str) -> Iterator[ListedResource]:
    for function in pages(client, "list_functions", "Functions"):
        yield ListedResource(function["FunctionName"], function["FunctionArn"])


def _log_groups(client: Any, prefix: str) -> Iterator[ListedResource]:
    for group in pages(client, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
        created = datetime.fromtimestamp(group["creationTime"] / 1000, UTC)
        yield ListedResource(group["logGroupName"], group["arn"].removesuffix(":*"), created)


def _roles(client: Any, _prefix: str) -> Iterator[ListedResource]:
    for role in pages(client, "list_roles", "Roles", MaxItems=1000):  # page size, 100 by default
        yield ListedResource(role["RoleName"], role["RoleName"], role["CreateDate"])


def _delete_function(client: Any, name: str, notify: Notify) -> None:
    from botocore.exceptions import ClientError

    try:
        client.delete_function(FunctionName=name)
    except ClientError as error:
        if error_code(error) != "ResourceConflictException":
            raise
        text = f"function {name} is not active yet and cannot be deleted"
        wait(client, "function_active_v2", notify, text, minutes=_FUNCTION_MINUTES, FunctionName=name)
        client.delete_function(FunctionName=name)


def _delete_rule(client: Any, name: str, _notify: Notify) -> None:
    if targets := [target["Id"] for target in pages(client, "list_targets_by_rule", "Targets", Rule=name)]:
        client.remove_targets(Rule=name, Ids=targets)
    client.delete_rule(Name=name)


def _delete_role(client: Any, name: str, _notify: Notify) -> None:
    for policy in pages(client, "list_role_policies", "PolicyNames", RoleName=name):
        client.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        client.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    client.delete_role(RoleName=name)


def _log_group_type(name: str, prefix: str) -> ResourceType:
    return named_type(
        name,
        "aws_cloudwatch_log_group",
        "logs",
        _log_groups,
        lambda client, arn: dict(client.list_tags_for_resource(resourceArn=arn)["tags"]),
        one_call("delete_log_group", "logGroupName"),
        prefix=prefix,
    )


RULE = named_type(
    "rule",
    "aws_cloudwatch_event_rule",
    "events",
    _rules,
    lambda client, arn: pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    _delete_rule,
)
ALARM = named_type(
    "alarm",
    "aws_cloudwatch_metric_alarm",
    "cloudwatch",
    _alarms,
    lambda client, arn: pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    one_call("delete_alarms", "AlarmNames", is_list=True),
)
TOPIC = named_type(
    "topic",
    "aws_sns_topic",
    "sns",
    _topics,
    lambda client, arn: pairs(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
    one_call("delete_topic", "TopicArn"),
    is_deleted_by_handle=True,
)
FUNCTION = named_type(
    "function",
    "aws_lambda_function",
    "lambda",
    _functions,
    lambda client, arn: dict(client.list_tags(Resource=arn)["Tags"]),
    _delete_function,
)
LOG_GROUP = _log_group_type("log group", "/aws/lambda/")
API_LOG_GROUP = _log_group_type("API log group", "/aws/vendedlogs/apigateway/")
FLOW_LOG_GROUP = _log_group_type("flow log group", "/aws/vpc/")
ROLE = named_type(
    "role",
    "aws_iam_role",
    "iam",
    _roles,
    lambda client, name: pairs(client.list_role_tags(RoleName=name)["Tags"]),
    _delete_role,
    is_global=True,
)
