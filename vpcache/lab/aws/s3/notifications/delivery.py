"""Destinations of notifications: whether S3 may use them, and how events reach them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.exceptions import ServiceException
from moto.s3 import notifications as moto_notifications
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from vpcache.lab.aws.accounts import USER_ID
from vpcache.lab.aws.awslambda.service_invocations import invoke_for, may_invoke
from vpcache.lab.aws.policies.decision import Policies, Request, decide
from vpcache.lab.aws.policies.documents import PolicyError, PolicyKind, parse
from vpcache.lab.aws.policies.principals import Principal
from vpcache.lab.aws.s3.errors import S3Error
from vpcache.lab.aws.s3.notifications.configuration import DestinationKind, Notification
from vpcache.lab.aws.s3.notifications.events import ObjectEvent, record_of, trial_event

_log = logging.getLogger(__name__)

_SERVICE = "s3.amazonaws.com"
_SUBJECT = "Amazon S3 Notification"
_WITHOUT_VERSION = "null"


def check_destinations(bucket: Any, notifications: Iterable[Notification]) -> None:
    """Raise S3Error unless S3 may send the events of a bucket to all destinations.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    problems = [(each, text) for each in notifications if (text := _problem(bucket, each))]
    members: dict[str, str] = {}
    for number, (each, text) in enumerate(problems, 1):
        is_function = each.kind is DestinationKind.FUNCTION
        members[f"ArgumentName{number}"] = f"{each.arn}, null" if is_function else each.arn
        members[f"ArgumentValue{number}"] = text
    if problems:
        message = "Unable to validate the following destination configurations"
        raise S3Error(400, "InvalidArgument", message, **members)


def send_test_events(bucket: Any, notifications: Iterable[Notification]) -> None:
    """Send S3's test event to each queue and topic."""
    arns = {each.arn: each.kind for each in notifications if each.kind is not DestinationKind.FUNCTION}
    for arn, kind in arns.items():
        _send(bucket, kind, arn, trial_event(bucket.name))


def send_event(account: str, name: str, bucket: Any, key: Any) -> None:
    """Send an event such as "s3:ObjectCreated:Put" about an object to the destinations that want it."""
    if name in bucket.muted:
        return
    for each in bucket.notifications:
        if not each.matches(name, key.name):
            continue
        event = _event(account, name.removeprefix("s3:"), bucket, key)
        _send(bucket, each.kind, each.arn, {"Records": [record_of(event, each.id)]})


def replace_notifications_of_moto() -> None:
    """Make moto's S3 send its events by the lab's configurations."""
    moto_notifications.send_event = lambda account, name, bucket, key: send_event(
        account, name.value, bucket, key
    )


def _event(account: str, name: str, bucket: Any, key: Any) -> ObjectEvent:
    version_id = None if bucket.versioning_status is None else key.version_id
    is_deletion = name == "ObjectRemoved:Delete"
    if version_id == _WITHOUT_VERSION and not is_deletion:
        version_id = None  # as AWS, in a bucket with suspended versioning
    return ObjectEvent(
        name=name,
        bucket=bucket.name,
        region=bucket.region_name,
        owner=account,
        user=USER_ID,
        key=key.name,
        size=getattr(key, "size", 0),
        etag=str(getattr(key, "etag", "")).strip('"'),
        version_id=version_id,
    )


def _send(bucket: Any, kind: DestinationKind, arn: str, content: dict[str, Any]) -> None:
    """Send a message. S3 does so after its answer, so that a failure does not concern the caller."""
    _, _, _, region, account, name, *_ = arn.split(":")
    text = json.dumps(content)
    try:
        if kind is DestinationKind.FUNCTION:
            invoke_for(arn, _SERVICE, bucket.arn, bucket.account_id, text.encode())
        elif kind is DestinationKind.QUEUE:
            sqs_backends[account][region].send_message(name, text)
        else:
            sns_backends[account][region].publish(text, arn, subject=_SUBJECT)
    except ServiceException as error:
        _log.warning("%s could not notify %s: %s", bucket.name, arn, error)


def _problem(bucket: Any, notification: Notification) -> str:
    """Return why S3 may not use a destination, "" if it may."""
    arn = notification.arn
    _, _, _, region, account, name, *_ = arn.split(":")
    if notification.kind is DestinationKind.FUNCTION:
        is_allowed = may_invoke(arn, _SERVICE, bucket.arn, bucket.account_id)
        return "" if is_allowed else f"Not authorized to invoke function [{arn}]"
    is_queue = notification.kind is DestinationKind.QUEUE
    kind = "queue" if is_queue else "topic"
    found = (
        sqs_backends[account][region].queues.get(name)
        if is_queue
        else sns_backends[account][region].topics.get(arn)
    )
    if found is None:
        return f"The destination {kind} does not exist"
    action = "sqs:SendMessage" if is_queue else "sns:Publish"
    if not _allows(found.policy, action, arn, bucket):
        return (
            f"Permissions on the destination {kind} do not allow S3 to publish notifications from this bucket"
        )
    return ""


def _allows(policy: str | None, action: str, arn: str, bucket: Any) -> bool:
    if not policy:
        return False
    try:
        document = parse(policy, PolicyKind.RESOURCE)
    except PolicyError:
        return False
    keys = {name: (value,) for name, value in _keys(bucket)}
    request = Request(Principal(_SERVICE, "", is_service=True), action, arn, keys)
    return decide(request, Policies(resource=document, resource_account=arn.split(":")[4])).is_allowed


def _keys(bucket: Any) -> Iterator[tuple[str, str]]:
    yield "aws:sourcearn", bucket.arn
    yield "aws:sourceaccount", bucket.account_id
