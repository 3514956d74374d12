"""The records that a function process logs, parsed from the stream of its output.

AWS's runtime client frames each record of the logging library, so that a record with many lines is one log
event. All else that a process writes is split into lines. Both arrive in one pipe, in the order in which the
process wrote them: no text in UTF-8 begins with the bytes of a frame.

    frame    A5 5A 00 TT | length, 4 bytes | time, 8 bytes | message
    TT       0xxxxx11 is text, 0xxxxx10 JSON; xxxxx is the record's level, 0 if it has none
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum

_FRAME = b"\xa5\x5a\x00"
_HEADER = 16  # bytes of a frame before its message


class LogLevel(IntEnum):
    """The levels of log records, as frames number them and as LoggingConfig names them."""

    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


_LEVELS = {level.value: level for level in LogLevel}
_OTHER_NAMES = {"WARNING": LogLevel.WARN, "CRITICAL": LogLevel.FATAL}


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record of a process with its line ends; `time` is when it was read, in seconds since the epoch."""

    message: str
    time: float
    level: LogLevel | None = None  # None if the process did not frame the record


def level_of(record: LogRecord) -> LogLevel:
    """Return a record's level: its frame's, that of its JSON document, or INFO.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    if record.level:
        return record.level
    if record.message.lstrip().startswith("{"):
        try:
            name = str(json.loads(record.message).get("level")).upper()
        except (ValueError, RecursionError):
            return LogLevel.INFO
        return _OTHER_NAMES.get(name) or LogLevel.__members__.get(name, LogLevel.INFO)
    return LogLevel.INFO


class LogParser:
    """Splits the output of a process into records."""

    def __init__(self) -> None:
        self._pending = bytearray()  # received, not yet parsed
        self._line = bytearray()  # a line without its end
        self._records: list[LogRecord] = []

    def feed(self, data: bytes, now: float) -> None:
        """Parse the bytes that were read at `now`."""
        self._pending += data
        while self._pending:
            start = self._pending.find(_FRAME)
            if start < 0:
                kept = next((n for n in (2, 1) if self._pending.endswith(_FRAME[:n])), 0)
                self._add_text(self._take(len(self._pending) - kept), now)
                return
            self._add_text(self._take(start), now)
            size = _HEADER + int.from_bytes(self._pending[4:8], "big")
            if len(self._pending) < _HEADER or len(self._pending) < size:
                return
            frame = self._take(size)
            self._add(frame[_HEADER:], now, _LEVELS.get(frame[3] >> 2))

    def take(self, now: float) -> tuple[LogRecord, ...]:
        """Return the records since the last call, with the last line even if it has no end."""
        self._add_text(self._take(len(self._pending)), now)
        if self._line:
            self._add(bytes(self._line), now)
            self._line.clear()
        records = tuple(self._records)
        self._records.clear()
        return records

    def _take(self, size: int) -> bytes:
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _add_text(self, data: bytes, now: float) -> None:
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._add(bytes(self._line) + line + b"\n", now)
            self._line.clear()
        self._line += rest

    def _add(self, message: bytes, now: float, level: LogLevel | None = None) -> None:
        self._records.append(LogRecord(message.decode(errors="replace"), now, level))
