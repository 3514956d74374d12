"""Records in the output of a function process."""

from __future__ import annotations

import pytest

from vpcache.lab.functions.process_log import LogLevel, LogParser, LogRecord, level_of

TEXT_ERROR = 0xA55A0017
JSON_WARNING = 0xA55A0012


def frame(message: str, kind: int = TEXT_ERROR) -> bytes:
    data = message.encode()
    return kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + bytes(8) + data


def parsed(*pieces: bytes) -> list[tuple[str, LogLevel | None]]:
    parser = LogParser()
    for piece in pieces:
        parser.feed(piece, 1.0)
    return [(record.message, record.level) for record in parser.take(2.0)]


def test_frame_is_one_record_with_its_lines() -> None:
    output = b"one\n" + frame("boom\nTraceback\nlast") + b'{"metric": 1}\ntwo\rthree\n'
    expected = [
        ("one\n", None),
        ("boom\nTraceback\nlast", LogLevel.ERROR),
        ('{"metric": 1}\n', None),
        ("two\rthree\n", None),
    ]
    assert parsed(output) == expected
    assert parsed(*(bytes([byte]) for byte in output)) == expected


def test_line_continues_after_a_frame() -> None:
    assert parsed(b"be", frame("x"), b"gun\n") == [("x", LogLevel.ERROR), ("begun\n", None)]


def test_unfinished_output_is_a_record() -> None:
    assert parsed(b"no end") == [("no end", None)]
    assert parsed(b"\xc3\xa5\xa5") == [("å\ufffd", None)]
    assert parsed(frame("cut")[:-1])[0][0].endswith("cu")


def test_records_are_taken_once() -> None:
    parser = LogParser()
    parser.feed(b"one\n", 1.0)
    assert parser.take(2.0) == (LogRecord("one\n", 1.0),)
    assert parser.take(3.0) == ()


@pytest.mark.parametrize(
    ("message", "kind", "level"),
    [
        ("framed", JSON_WARNING, LogLevel.WARN),
        ("framed without level", 0xA55A0003, LogLevel.INFO),
        ('{"level": "debug"}', 0, LogLevel.DEBUG),
        ('{"level": "WARNING"}\n', 0, LogLevel.WARN),
        ('{"level": "loud"}', 0, LogLevel.INFO),
        ('{"level"', 0, LogLevel.INFO),
        ('{"a": ' + "[" * 20_000, 0, LogLevel.INFO),
        ("text", 0, LogLevel.INFO),
    ],
)
def test_level_is_the_frames_or_the_documents(message: str, kind: int, level: LogLevel) -> None:
    parser = LogParser()
    parser.feed(frame(message, kind) if kind else message.encode(), 1.0)
    (record,) = parser.take(1.0)
    assert level_of(record) == level
