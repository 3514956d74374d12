"""Targets of the calls of CloudWatch, CloudWatch Logs, SNS, SQS, Systems Manager and Service Quotas.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, Values, tags_in
from vpcache.lab.aws.authorization.requests.reference import arn, resource_types
from vpcache.lab.aws.messaging.queue_requests import queue_owner

_TAGGING = {
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "sns:CreateTopic": "sns:TagResource",
    "sqs:CreateQueue": "sqs:TagQueue",
    "ssm:PutParameter": "ssm:AddTagsToResource",
}
"""Actions that a call with tags needs as well."""
_KEYS = {
    "Endpoint": "sns:endpoint",
    "Namespace": "cloudwatch:namespace",
    "Protocol": "sns:protocol",
}


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call."""
    keys: Mapping[str, Values] = {key: (call.text(name),) for name, key in _KEYS.items() if call.text(name)}
    resources = list(_RESOURCES[call.service](call, directory)) if call.service in _RESOURCES else []
    types = resource_types(call.action)
    found = [(resource, kind) for resource, kind in resources if kind in types]
    required = next((kind for kind, is_required in types.items() if is_required), "")
    if not found:
        found = [(call.arn(required), required)] if required else [("*", "")]
    for resource, kind in found:
        yield Target(call.action, resource, kind, keys)
        if call.action in _TAGGING and tags_in(call.parameters):
            yield Target(_TAGGING[call.action], resource, kind)


def _of_cloudwatch(call: ApiCall, _: Directory) -> Iterator[tuple[str, str]]:
    if resource := call.text("ResourceARN"):
        yield resource, "alarm"
    for name in [call.text("AlarmName"), *(call.parameters.get("AlarmNames") or ())]:
        if name and call.operation != "DescribeAlarms":  # is authorized for all alarms of the account
            yield call.arn("alarm", str(name)), "alarm"
    if dashboard := call.text("DashboardName"):
        yield call.arn("dashboard", dashboard), "dashboard"


def _of_logs(call: ApiCall, _: Directory) -> Iterator[tuple[str, str]]:
    """Yield the log group: with its stream, but for calls about tags.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    if resource := call.text("resourceArn"):
        yield resource.removesuffix(":*"), "log-group"
    name = call.text("logGroupName") or call.text("logGroupIdentifier").rpartition("log-group:")[2]
    if name:
        group = call.arn("log-group", name)
        stream = f"{group}:log-stream:{call.text('logStreamName')}"
        yield stream, "log-group"
        yield stream, "log-stream"


def _of_sns(call: ApiCall, directory: Directory) -> Iterator[tuple[str, str]]:
    topic = call.text("TopicArn", "TargetArn", "ResourceArn") or directory.topic_of(
        call.text("SubscriptionArn")
    )
    name = call.text("Name")
    if topic or name:
        yield topic or call.arn("topic", name), "topic"


def _of_sqs(call: ApiCall, _: Directory) -> Iterator[tuple[str, str]]:
    url, owner = call.text("QueueUrl"), call.text("QueueOwnerAWSAccountId")
    name = url.rstrip("/").rpartition("/")[2] or call.text("QueueName")
    if name:
        yield arn("sqs", "queue", call.region, queue_owner(url, owner) or call.account, name), "queue"


def _of_ssm(call: ApiCall, _: Directory) -> Iterator[tuple[str, str]]:
    names = [*(call.parameters.get("Names") or ()), call.text("Name"), call.text("Path")]
    if call.text("ResourceType") == "Parameter":
        names.append(call.text("ResourceId"))
    for name in filter(None, names):
        yield call.arn("parameter", str(name).partition(":")[0].strip("/")), "parameter"


def _of_quotas(call: ApiCall, _: Directory) -> Iterator[tuple[str, str]]:
    service, quota = call.text("ServiceCode"), call.text("QuotaCode")
    if service and quota:
        yield call.arn("quota", service, quota), "quota"


_RESOURCES: Mapping[str, Callable[[ApiCall, Directory], Iterator[tuple[str, str]]]] = {
    "cloudwatch": _of_cloudwatch,
    "logs": _of_logs,
    "servicequotas": _of_quotas,
    "sns": _of_sns,
    "sqs": _of_sqs,
    "ssm": _of_ssm,
}
