"""Queues: attributes as they were set, and FIFO queues, whose messages are received by group, in order.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.sqs import urls
from moto.sqs.models import Queue, SQSBackend


class StandardQueue(Queue):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A queue whose redrive policy has no spaces, as SQS returns it."""

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes, as text."""
        attributes: dict[str, Any] = super().attributes
        if self.redrive_policy:
            attributes["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return attributes


class FifoQueue(StandardQueue):
    """A queue that gives out the messages of its oldest group first.

    While a message of a group is in flight, the group's later ones wait.
    """

    @property
    def messages(self) -> list[Any]:
        """The messages that can be received, by group."""
        first: dict[str, int] = {}
        for number, message in enumerate(self._messages):
            first.setdefault(message.group_id, number)
        return sorted(super().messages, key=lambda message: first.get(message.group_id, 0))

    @property
    def pending_message_groups(self) -> set[str]:
        """The groups with a message in flight; a message whose visibility timeout ended is not."""
        for message in list(self.pending_messages):
            if message.visible:
                self.pending_messages.discard(message)
        return {str(message.group_id) for message in self.pending_messages}


class QueuesBackend(SQSBackend):  # type: ignore[misc]
    """SQS of one region."""

    @property
    def _url_module(self) -> Any:
        return urls

    def create_queue(self, *arguments: Any, **options: Any) -> Any:
        """Create a queue, or return an existing one with the same attributes."""
        queue = super().create_queue(*arguments, **options)
        queue.__class__ = FifoQueue if queue.fifo_queue else StandardQueue  # moto names the class itself
        return queue
