"""The poller of a queue: receives batches, invokes the function, and deletes what succeeded.

It acts when a message arrives or becomes visible again, a batching window ends or a batch was processed, and
uses no thread between.

    wake ─> _poll (in the scheduler's thread)
              _receive     messages into the buffer; what no filter matches is deleted
              _dispatch    a full or due batch: a thread for it
            _process (in that thread): invoke, delete, wake
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from moto.core.exceptions import ServiceException
from moto.sqs.models import sqs_backends

from vpcache.lab.aws.awslambda.event_sources.mapping import REPORT_FAILURES, MappingSettings
from vpcache.lab.aws.awslambda.event_sources.patterns import parse_pattern
from vpcache.lab.aws.awslambda.event_sources.records import (
    Record,
    failed_ids,
    passes,
    payload_of,
    record_of,
)
from vpcache.lab.aws.clock import Instant

_log = logging.getLogger(__name__)

_MAX_PAYLOAD = 6 << 20  # bytes of a batch
_BATCHES = 5  # at the same time: AWS starts with five, and adds more while messages remain
_FIFO_BATCHES = 1000  # the message groups are the limit
_MARGIN = 0.002  # seconds after which a message is certainly visible


class QueuePoller:
    """Polls one queue for one mapping.

    `invoke` runs the function on a payload, and returns its result, None if it failed. `schedule` runs an
    action after a delay in seconds, one action at a time.
    """

    def __init__(
        self,
        settings: MappingSettings,
        invoke: Callable[[bytes], bytes | None],
        schedule: Callable[[float, Callable[[], None]], None],
    ) -> None:
        _, _, _, region, account, self._queue_name = settings.queue_arn.split(":")
        self._backend: Any = sqs_backends[account][region]
        self._invoke = invoke
        self._schedule = schedule
        self._is_running = False
        self._buffer: list[tuple[Record, int]] = []  # received records, with their sizes in bytes
        self._window_end = Instant.after(0)
        self._lock = threading.Lock()
        self._running_batches = 0
        self._due: Instant | None = None  # of the next poll
        self._set(settings)

    def start(self, settings: MappingSettings) -> None:
        """Poll with these settings from now on."""
        self._set(settings)
        self._is_running = True
        self._backend.watch(self._queue_name, self.wake)
        self.wake()

    def stop(self) -> None:
        """Poll no more. Batches that are being processed are finished."""
        self._is_running = False
        self._backend.unwatch(self._queue_name, self.wake)
        self._buffer.clear()  # these messages become visible again, as on AWS

    def resume(self) -> None:
        """Continue after a snapshot. Its running batches have ended: their messages become visible again."""
        self._running_batches = 0
        self.wake()

    def wake(self) -> None:
        """Poll soon."""
        self._wake_after(0)

    def _set(self, settings: MappingSettings) -> None:
        self._settings = settings
        self._patterns = tuple(map(parse_pattern, settings.filters))
        default = _FIFO_BATCHES if settings.is_fifo else _BATCHES
        self._max_batches = settings.max_concurrency or default

    def _wake_after(self, seconds: float) -> None:
        due = Instant.after(seconds)
        with self._lock:
            if self._due is not None and self._due <= due:
                return
            self._due = due
        self._schedule(seconds, self._poll)

    def _poll(self) -> None:
        with self._lock:
            self._due = None
        queue = self._backend.queues.get(self._queue_name)
        if not self._is_running or queue is None:
            return
        while self._running_batches < self._max_batches:
            self._receive(queue)
            if not self._is_batch_due():
                break
            self._dispatch()
        else:
            return  # the end of a batch continues
        if self._buffer:
            self._wake_after(self._window_end - time.monotonic())
        if (seconds := queue.seconds_until_visible()) is not None:
            self._wake_after(seconds + _MARGIN)

    def _receive(self, queue: Any) -> None:
        """Fill the buffer, as far as messages are visible."""
        is_aggregated = bool(self._settings.window)
        while (room := self._settings.batch_size - len(self._buffer)) > 0:
            messages = self._backend.receive_message(
                self._queue_name, room, 0, queue.visibility_timeout, ["All"]
            )
            if not messages:
                return
            for message in messages:
                record = record_of(message, self._settings.queue_arn, is_aggregated=is_aggregated)
                if not passes(self._patterns, record):
                    self._delete(record)
                    continue
                if not self._buffer:
                    self._window_end = Instant.after(self._settings.window)
                self._buffer.append((record, len(json.dumps(record))))

    def _is_batch_due(self) -> bool:
        return bool(self._buffer) and (
            len(self._buffer) >= self._settings.batch_size
            or time.monotonic() >= self._window_end
            or sum(size for _, size in self._buffer) >= _MAX_PAYLOAD
        )

    def _dispatch(self) -> None:
        """Process the first records of the buffer, as many as fit into one event."""
        batch: list[Record] = []
        total = 0
        while self._buffer and (not batch or total + self._buffer[0][1] < _MAX_PAYLOAD):
            record, size = self._buffer.pop(0)
            batch.append(record)
            total += size
        with self._lock:
            self._running_batches += 1
        threading.Thread(target=self._process, args=(batch,), daemon=True).start()

    def _process(self, batch: list[Record]) -> None:
        try:
            result = self._invoke(payload_of(batch))
            ids = [each["messageId"] for each in batch]
            if result is None:
                failed = frozenset(ids)
            elif REPORT_FAILURES in self._settings.response_types:
                failed = failed_ids(result, ids)
            else:
                failed = frozenset()
            for record in batch:
                if record["messageId"] not in failed:
                    self._delete(record)
        except Exception:  # a failure of the lab: the messages become visible again
            _log.exception("a batch of %s could not be processed", self._queue_name)
        finally:
            with self._lock:
                self._running_batches -= 1
            self.wake()

    def _delete(self, record: Record) -> None:
        with suppress(ServiceException):  # the queue was deleted, or the message was received again
            self._backend.delete_message(self._queue_name, record["receiptHandle"])
