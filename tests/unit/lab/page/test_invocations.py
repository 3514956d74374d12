"""The watched runner: figures and log lines by function, and transparency for its caller."""

from __future__ import annotations

import pytest

from vpcache.lab.daemon.live.invocations import KEPT_LINES, WatchedRunner, cache_state
from vpcache.lab.functions.spec import Event, FunctionSpec, Invocation, LogEvent

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


def function(name: str = "api") -> FunctionSpec:
    return FunctionSpec(
        arn=f"{ARN}{name}",
        name=name,
        version="$LATEST",
        code_sha256="",
        code=b"",
        handler="index.handler",
        runtime="python3.13",
        environment=(),
        timeout=3,
        memory=128,
        interface_ids=(),
        log_group="",
    )


class Runner:
    """Answers with `payload`, or fails; calls `inside` first."""

    def __init__(self, payload: bytes = b"{}", error: str | None = None, lines: int = 2) -> None:
        self.payload, self.error, self.lines = payload, error, lines
        self.calls: list[tuple[str, ...]] = []
        self.watched: WatchedRunner | None = None
        self.running = 0

    def check(self, function: FunctionSpec) -> None:
        raise NotImplementedError(function.name)

    def check_runtime(self, runtime: str) -> None:
        self.calls.append(("check_runtime", runtime))

    def forget(self, function_arn: str, version: str) -> None:
        self.calls.append(("forget", function_arn, version))

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        if self.watched:
            self.running = self.watched.figures()[function.arn]["running"]
        if self.error == "lab":
            raise RuntimeError("the lab could not run it")
        log = tuple(LogEvent(1000 + number, f"line {number}\n") for number in range(self.lines))
        error = "Unhandled" if self.error else None
        return Invocation(self.payload, error, log, "stream", event.request_id)  # type: ignore[arg-type]


def watch(runner: Runner) -> WatchedRunner:
    runner.watched = WatchedRunner(runner)
    return runner.watched


def event(payload: bytes = b"{}") -> Event:
    return Event(payload, f"{ARN}api")


def test_invocations_and_errors_are_counted_by_function() -> None:
    runner = Runner()
    watched = watch(runner)
    for _ in range(3):
        assert watched.invoke(function(), event()).payload == b"{}"
    runner.error = "Unhandled"
    watched.invoke(function("other"), event())
    figures = watched.figures()
    assert [figures[f"{ARN}api"][key] for key in ("invocations", "errors", "running")] == [3, 0, 0]
    assert [figures[f"{ARN}other"][key] for key in ("invocations", "errors")] == [1, 1]
    assert figures[f"{ARN}api"]["p50_ms"] >= 0
    assert runner.running == 1


def test_invocation_that_the_lab_cannot_run_is_an_error() -> None:
    watched = watch(Runner(error="lab"))
    with pytest.raises(RuntimeError):
        watched.invoke(function(), event())
    assert [watched.figures()[f"{ARN}api"][key] for key in ("invocations", "errors", "running")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b'{"body":"x","headers":{"x-cache":"HIT","age":"1"}}', "hits"),
        (b'{"statusCode": 200, "headers": {"X-Cache": "stale"}, "body": "%s"}' % (b"x" * 5000), "stale"),
        (b'{"body":"%s","headers":{"x-cache":"MISS"}}' % (b"x" * 5000), "misses"),
        (b'{"headers":{"x-cache":"BYPASS"}}', "misses"),
        (b'{"body":"{\\"x-cache\\":\\"HIT\\"}"}', None),
        (b'"plain"', None),
    ],
)
def test_state_of_the_cache_is_that_of_the_answers_header(answer: bytes, state: str | None) -> None:
    assert cache_state(answer) == state
    watched = watch(Runner(answer))
    watched.invoke(function(), event())
    figures = watched.figures()[f"{ARN}api"]
    assert {key: figures[key] for key in ("hits", "misses", "stale")} == {
        key: int(key == state) for key in ("hits", "misses", "stale")
    }


def test_lines_follow_by_their_numbers() -> None:
    watched = watch(Runner())
    watched.invoke(function(), event())
    last = watched.last_line
    watched.invoke(function("other"), event())
    assert [line.message for line in watched.lines(0, last)] == ["line 0", "line 1"]
    assert [(line.function, line.seq) for line in watched.lines(last, watched.last_line)] == [
        (f"{ARN}other", 3),
        (f"{ARN}other", 4),
    ]


def test_only_the_newest_lines_of_a_function_are_kept() -> None:
    watched = watch(Runner(lines=KEPT_LINES + 5))
    watched.invoke(function(), event())
    lines = watched.lines(0, watched.last_line)
    assert (len(lines), lines[0].message) == (KEPT_LINES, "line 5")


def test_change_is_seen_and_silence_is_not() -> None:
    watched = watch(Runner())
    before = watched.changes
    watched.invoke(function(), event(b'{"path": "/employees"}'))
    after = watched.changes
    assert after != before
    assert watched.figures()[f"{ARN}api"]["last_payload"] == '{"path": "/employees"}'
    assert watched.changes == after


def test_other_calls_are_passed_on() -> None:
    runner = Runner()
    watched = watch(runner)
    watched.forget("arn", "1")
    watched.check_runtime("python3.13")
    assert runner.calls == [("forget", "arn", "1"), ("check_runtime", "python3.13")]
    with pytest.raises(NotImplementedError):
        watched.check(function())
