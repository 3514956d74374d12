"""Queues: attributes as they were set, FIFO queues, whose messages are received by group, in order, and
watchers, which are called when messages can be received.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import InvalidAttributeValue, MissingParameter
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from vpcache.lab.aws.dispatch import UrlModule

Watcher = Callable[[], None]

_MARGIN = 0.002  # seconds after which a message is certainly visible
_MAX_WAIT = 1.0  # seconds between two attempts to receive

_NUMBERS = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
"""Attributes whose values are numbers."""
_DOCUMENTS = ("Policy", "RedrivePolicy")  # attributes whose values are JSON documents


class StandardQueue(Queue):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A queue whose redrive policy has no spaces, as SQS returns it, for several threads."""

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes, as text."""
        attributes: dict[str, Any] = super().attributes
        if self.redrive_policy:
            attributes["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return attributes

    def add_message(self, message: Any) -> None:
        """Add a message and call the watchers."""
        super().add_message(message)
        sqs_backends[self.account_id][self.region].changed(self.name)

    def delete_message(self, receipt_handle: str) -> None:
        """Delete a message, without losing one that another thread adds."""
        with self._messages_lock:
            super().delete_message(receipt_handle)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads from adding, receiving and deleting messages inside a `with` block."""
        with self._messages_lock:
            yield

    def wait_for_change(self, seconds: float) -> None:
        """Wait until a message is added, for this time at most."""
        with self._messages_lock:
            self._messages_lock.wait(seconds)

    def seconds_until_visible(self) -> float | None:
        """Return when the next of the invisible and delayed messages can be received, None without such."""
        now = unix_time_millis()
        times = (max(each.visible_at, each.delayed_until) for each in list(self._messages))
        due = min((time for time in times if time > now), default=None)
        return None if due is None else (due - now) / 1000


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

    def __init__(self, region_name: str, account_id: str, *, urls: UrlModule) -> None:
        super().__init__(region_name, account_id)
        self._urls = urls
        self._watchers: dict[str, tuple[Watcher, ...]] = {}  # by name of the queue

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    def watch(self, queue_name: str, watcher: Watcher) -> None:
        """Call `watcher` whenever a message of a queue, which need not exist, can be received."""
        self._watchers[queue_name] = (*self._watchers.get(queue_name, ()), watcher)

    def unwatch(self, queue_name: str, watcher: Watcher) -> None:
        """Call `watcher` no more."""
        watchers = self._watchers.get(queue_name, ())
        self._watchers[queue_name] = tuple(each for each in watchers if each != watcher)

    def changed(self, queue_name: str) -> None:
        """Call the watchers of a queue."""
        for watcher in self._watchers.get(queue_name, ()):
            watcher()

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        """Receive messages, each by one caller only; wait for the first one as long as requested."""
        queue = self.get_queue(queue_name)
        end = time.monotonic() + wait_seconds_timeout
        while True:
            with queue.locked():
                messages: list[Any] = super().receive_message(
                    queue_name, count, 0, visibility_timeout, message_attribute_names
                )
            remaining = end - time.monotonic()
            if messages or remaining <= 0:
                return messages
            until_visible = queue.seconds_until_visible() or remaining
            queue.wait_for_change(min(remaining, until_visible + _MARGIN, _MAX_WAIT))

    def change_message_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        """Change when a message can be received again, and call the watchers."""
        super().change_message_visibility(queue_name, receipt_handle, visibility_timeout)
        self.changed(queue_name)

    def create_queue(self, name: str, tags: Any = None, **attributes: Any) -> Any:
        """Create a queue, or return an existing one with the same attributes."""
        if not name:
            raise MissingParameter("QueueName")
        _check_attributes(attributes)
        queue = super().create_queue(name, tags, **attributes)
        queue.__class__ = FifoQueue if queue.fifo_queue else StandardQueue  # moto names the class itself
        return queue

    def set_queue_attributes(self, queue_name: str, attributes: dict[str, Any]) -> Any:
        """Set attributes of a queue."""
        _check_attributes(attributes)
        return super().set_queue_attributes(queue_name, attributes)


def _check_attributes(attributes: dict[str, Any]) -> None:
    """Raise InvalidAttributeValue for a text that is neither the number nor the document it must be."""
    for name in _NUMBERS:
        if name in attributes and not str(attributes[name]).isdecimal():
            raise InvalidAttributeValue(name)
    for name in _DOCUMENTS:
        if attributes.get(name) and not _is_document(attributes[name]):
            raise InvalidAttributeValue(name)


def _is_document(value: Any) -> bool:
    try:
        return isinstance(value, dict) or isinstance(json.loads(value), dict)
    except (TypeError, ValueError):
        return False
