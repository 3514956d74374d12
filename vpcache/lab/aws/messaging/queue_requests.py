"""Requests to SQS, also for queues of other accounts.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.models import sqs_backends
from moto.sqs.responses import SQSResponse
from moto.sqs.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule

_URL = re.compile(r"https?://[^/]+/(\d{12})/[^/]+/?")


def queue_owner(queue_url: str, owner: str = "") -> str:
    """Return the account of a queue by its URL or `QueueOwnerAWSAccountId`, "" if neither has one."""
    match = _URL.fullmatch(queue_url)
    return match[1] if match else owner


class QueueRequest(SQSResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The SQS API, which finds a queue in the account that its URL names.

    The answers to batches have no empty lists.
    """

    @property
    def sqs_backend(self) -> Any:
        """The queues of the account that owns the request's queue; moto's methods use this property."""
        url, owner = (self._get_param(name) or "" for name in ("QueueUrl", "QueueOwnerAWSAccountId"))
        return sqs_backends[queue_owner(url, owner) or self.current_account][self.region]

    def send_message_batch(self) -> ActionResult:
        """Answer SendMessageBatch."""
        return _without_empty_lists(super().send_message_batch())

    def delete_message_batch(self) -> ActionResult:
        """Answer DeleteMessageBatch."""
        return _without_empty_lists(super().delete_message_batch())

    def change_message_visibility_batch(self) -> ActionResult:
        """Answer ChangeMessageVisibilityBatch."""
        return _without_empty_lists(super().change_message_visibility_batch())


def _without_empty_lists(answer: ActionResult) -> ActionResult:
    return ActionResult({name: value for name, value in answer.result.items() if value})


SQS_URLS = UrlModule(
    url_bases,
    {
        "{0}/$": QueueRequest.dispatch,
        r"{0}/(?P<account_id>\d+)/(?P<queue_name>[a-zA-Z0-9\-_\.]+)": QueueRequest.dispatch,
    },
)
