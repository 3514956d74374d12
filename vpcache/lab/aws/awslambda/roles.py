"""What Lambda asks about the execution roles of functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from moto.awslambda.exceptions import InvalidParameterValueException

if TYPE_CHECKING:
    from vpcache.lab.aws.awslambda.version import Placement


class ExecutionRoles(Protocol):
    """Decides what execution roles allow, by the policies of IAM. For several threads."""

    def can_be_assumed(self, role_arn: str) -> bool:
        """Return whether Lambda may assume a role."""
        ...

    def allows(self, role_arn: str, region: str, action: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether a role may make a call in a region; `action` is like "sqs:SendMessage"."""
        ...


def check_trust(roles: ExecutionRoles, role_arn: str) -> None:
    """Raise InvalidParameterValueException if Lambda may not assume a role."""
    if not roles.can_be_assumed(role_arn):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def check_interfaces(roles: ExecutionRoles, role_arn: str, region: str, placements: list[Placement]) -> None:
    """Raise InvalidParameterValueException if a role lacks a permission that functions in a VPC require.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    for placement in placements:
        created = {"SubnetId": placement.subnet_id, "Groups": sorted(placement.group_ids)}
        if not roles.allows(role_arn, region, "ec2:CreateNetworkInterface", created):
            _lacks("CreateNetworkInterface", "EC2")
    for operation in ("DescribeNetworkInterfaces", "DeleteNetworkInterface") if placements else ():
        if not roles.allows(role_arn, region, f"ec2:{operation}", {}):
            _lacks(operation, "EC2")


def may_delete_interface(roles: ExecutionRoles, role_arn: str, region: str) -> bool:
    """Return whether a role allows Lambda to delete an interface."""
    return roles.allows(role_arn, region, "ec2:DeleteNetworkInterface", {})


def check_dead_letters(roles: ExecutionRoles, role_arn: str, region: str, target_arn: str) -> None:
    """Raise InvalidParameterValueException if a role may not send to a dead-letter queue or topic.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    if not may_send(roles, role_arn, region, target_arn):
        is_queue = target_arn.split(":")[2] == "sqs"
        _lacks(*(("SendMessage", "SQS") if is_queue else ("Publish", "SNS")))


def may_send(roles: ExecutionRoles, role_arn: str, region: str, target_arn: str) -> bool:
    """Return whether a role may send to a queue, a topic or a function."""
    service = target_arn.split(":")[2]
    if service == "sqs":
        return may_use_queue(roles, role_arn, "SendMessage", target_arn)
    action, parameters = {
        "lambda": ("lambda:InvokeFunction", {"FunctionName": target_arn}),
        "sns": ("sns:Publish", {"TopicArn": target_arn}),
    }[service]
    return roles.allows(role_arn, region, action, parameters)


def may_use_queue(roles: ExecutionRoles, role_arn: str, operation: str, queue_arn: str) -> bool:
    """Return whether a role may call an operation of SQS, such as "SendMessage", on a queue."""
    _, _, _, region, account, name = queue_arn.split(":")
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
    return roles.allows(role_arn, region, f"sqs:{operation}", {"QueueUrl": url})


def may_log(roles: ExecutionRoles, role_arn: str, region: str, group: str, *missing: str) -> bool:
    """Return whether a role may write to a log group, and create its `missing` parts."""
    actions = [f"logs:Create{part}" for part in missing]
    parameters = {"logGroupName": group, "logStreamName": "*"}
    return all(roles.allows(role_arn, region, each, parameters) for each in (*actions, "logs:PutLogEvents"))


def _lacks(operation: str, service: str) -> None:
    raise InvalidParameterValueException(
        f"The provided execution role does not have permissions to call {operation} on {service}"
    )
