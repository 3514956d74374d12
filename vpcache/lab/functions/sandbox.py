"""One function process and the Runtime API that serves it.

Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The process is the HTTP client:
it asks for the next event and posts the answer. There is no server thread. The thread that calls `invoke`
runs the event loop of this process's connections until it has the answer, so an invocation needs no
change of threads, and an idle process needs no thread.

    invoke
      _await_ready     loop until GET invocation/next arrives, or POST init/error (a failed import)
      _send            answer that GET with the event
      _await_answer    loop until POST invocation/ID/response or invocation/ID/error arrives

Both loops call `_next_request`, which polls connections, output and the process's end, and checks the
memory every 10 ms. It raises a `_FailureError` for everything that ends the process: the deadline, too
much memory, an exit. `invoke` turns it into AWS's error and closes the sandbox.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
import time
from contextlib import suppress

from vpcache.lab.functions.connection import Connection, Request
from vpcache.lab.functions.outcome import EXITED, TIMED_OUT, Init, Launch, Outcome
from vpcache.lab.functions.process_log import LogParser, LogRecord
from vpcache.lab.functions.spec import Event
from vpcache.lab.network.netns import Namespaces

_API = "/2018-06-01/runtime"
_ACCEPTED = b'{"status":"OK"}\n'
_WATCH_SECONDS = 0.01  # between two checks of the memory
_INIT_SECONDS = 10.0  # AWS's limit of the init phase
_MAX_RESPONSE = 6 * 1024 * 1024 + 100  # bytes of a synchronous response, as AWS's error states it
_ERROR_TYPE = "lambda-runtime-function-error-type"
_CHUNK = 262144


class Sandbox:
    """One function process inside a network namespace. Not for use by several threads, except for `kill`.

    It cannot be used again once `is_alive` is false: after a crash, a timeout or too much memory.
    """

    def __init__(self, namespaces: Namespaces, namespace: str, launch: Launch) -> None:
        self._launch = launch
        self._launched = time.time()
        self._started = time.monotonic()
        self._listener = namespaces.listen(namespace, "127.0.0.1", 0)
        self._listener.setblocking(False)
        self._output, write = os.pipe()
        os.set_blocking(self._output, False)
        api = f"127.0.0.1:{self._listener.getsockname()[1]}"
        try:
            self._process = namespaces.popen(
                namespace,
                list(launch.command),
                env={"AWS_LAMBDA_RUNTIME_API": api},
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                start_new_session=True,
            )
        except OSError:
            self._listener.close()
            os.close(self._output)
            raise
        finally:
            os.close(write)
        self._end = os.pidfd_open(self._process.pid)
        self._status = os.open(f"/proc/{self._process.pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.poll()
        for descriptor in (self._listener.fileno(), self._output, self._end):
            self._poll.register(descriptor, select.POLLIN)
        self._connections: dict[int, Connection] = {}
        self._log = LogParser()
        self._waiting: Connection | None = None  # the connection that waits for the next event
        self._has_served = False
        self._peak = 0
        self._closing = threading.Lock()
        self._is_closed = False

    @property
    def is_alive(self) -> bool:
        """Whether the process can take another event."""
        return not self._is_closed and not _is_ready(self._end)

    def invoke(self, event: Event) -> Outcome:
        """Serve `event`. If it is the first one, wait for the initialization of the process."""
        failure = None
        init_log: tuple[LogRecord, ...] = ()
        is_first, is_sent = not self._has_served, False
        sent = time.time()
        began = time.monotonic()
        initialized = began  # when the initialization ended
        is_init_phase = is_first and self._launch.phase == "init"
        try:
            init_error = self._await_ready(began + (_INIT_SECONDS if is_init_phase else self._launch.timeout))
            if is_first:
                initialized = time.monotonic()
                began = initialized if is_init_phase else began
                self._has_served = True
                init_log, sent = self._take_log(), time.time()
            if init_error:
                payload, failure = init_error
                is_error = True
            else:
                is_sent = True
                self._send(event, began + self._launch.timeout)
                payload, is_error = self._await_answer(event.request_id, began + self._launch.timeout)
            duration = time.monotonic() - began
            self._check_memory()
        except _FailureError as reason:
            duration = time.monotonic() - began
            is_error = True
            payload, failure = self._explain(reason, event)
            if failure == TIMED_OUT:
                duration = self._launch.timeout
            self.close()
        log, ended = self._take_log(), time.time()
        if not is_sent and is_first:
            initialized = time.monotonic()
            init_log, log, sent = init_log + log, (), ended
        init = Init(
            self._launch.phase,
            self._launched,
            sent,
            init_log,
            initialized - self._started,
            None if is_sent else failure,
        )
        return Outcome(
            payload=payload,
            is_error=is_error,
            failure=failure,
            log=log,
            sent=sent,
            ended=ended,
            duration=duration,
            memory=self._peak,
            inits=(init,) if is_first else (),
        )

    def kill(self) -> None:
        """Kill the process and its children; a running invocation returns with an error."""
        with self._closing:
            if not self._is_closed:
                self._kill()

    def close(self) -> None:
        """Kill the process and its children, and release all descriptors."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            self._kill()
            self._process.wait()
        self._read_output()
        for connection in self._connections.values():
            connection.close()
        self._listener.close()
        for descriptor in (self._output, self._end, self._status):
            os.close(descriptor)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _await_ready(self, deadline: float) -> tuple[bytes, str] | None:
        """Wait until the process requests an event, and return None.

        If the initialization fails, return the payload of its error and the error's type instead.
        """
        while not self._waiting:
            connection, request = self._next_request(deadline)
            if request.path == f"{_API}/invocation/next":
                self._waiting = connection
            elif request.path == f"{_API}/init/error":
                connection.send("202 Accepted", {}, _ACCEPTED)
                self._await_exit(deadline)
                return request.body, request.headers.get(_ERROR_TYPE, "Runtime.Unknown")
            else:
                connection.send("404 Not Found", {}, b"{}")
        return None

    def _send(self, event: Event, deadline: float) -> None:
        wall_deadline = time.time() + deadline - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(wall_deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        if event.client_context:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        if connection := self._waiting:
            self._waiting = None
            connection.send("200 OK", headers, event.payload)

    def _await_answer(self, request_id: str, deadline: float) -> tuple[bytes, bool]:
        """Wait for the answer to the event; return it, and whether it is an error."""
        while True:
            connection, request = self._next_request(deadline)
            if request.path == f"{_API}/invocation/{request_id}/response":
                if len(request.body) > _MAX_RESPONSE:
                    connection.send("413 Request Entity Too Large", {}, b"{}")
                    self._await_exit(deadline)  # AWS's client gives up after a refused answer
                    return _TOO_LARGE, True
                connection.send("202 Accepted", {}, _ACCEPTED)
                return request.body, False
            if request.path == f"{_API}/invocation/{request_id}/error":
                connection.send("202 Accepted", {}, _ACCEPTED)
                return request.body, True
            connection.send("404 Not Found", {}, b"{}")

    def _await_exit(self, deadline: float) -> None:
        with suppress(_FailureError):
            self._next_request(deadline)
        self.close()

    def _next_request(self, deadline: float) -> tuple[Connection, Request]:
        """Wait for the next request of the process, and read its output and check its memory while waiting.

        Raises _FailureError if the process cannot send one.
        """
        while True:
            for connection in self._connections.values():
                if request := connection.take():
                    return connection, request
            now = time.monotonic()
            if now >= deadline:
                raise _LateError
            ready = self._poll.poll(min(deadline - now, _WATCH_SECONDS) * 1000)
            if not ready:
                self._check_memory()
            for descriptor, _ in ready:
                self._handle(descriptor)
            if ready and all(descriptor == self._end for descriptor, _ in ready):
                raise _ExitedError

    def _handle(self, descriptor: int) -> None:
        if descriptor == self._listener.fileno():
            with suppress(BlockingIOError):
                connection = Connection(self._listener.accept()[0])
                self._connections[connection.fileno()] = connection
                self._poll.register(connection.fileno(), select.POLLIN)
        elif descriptor == self._output:
            self._read_output()
        elif descriptor != self._end and not self._connections[descriptor].receive():
            self._poll.unregister(descriptor)
            self._connections.pop(descriptor).close()

    def _read_output(self) -> None:
        with suppress(BlockingIOError):
            while piece := os.read(self._output, _CHUNK):
                self._log.feed(piece, time.time())
            with suppress(KeyError):  # end of file: no process has the pipe open any more
                self._poll.unregister(self._output)

    def _take_log(self) -> tuple[LogRecord, ...]:
        if not self._is_closed:
            self._read_output()
        return self._log.take(time.time())

    def _check_memory(self) -> None:
        """Record the peak of the resident memory. Raises _TooMuchMemoryError if it exceeds the limit."""
        if self._is_closed:
            return
        try:
            status = os.pread(self._status, 8192, 0)
        except ProcessLookupError:
            return
        _, found, rest = status.partition(b"VmHWM:")
        if not found:  # the process is about to end
            return
        self._peak = max(self._peak, int(rest.split(maxsplit=1)[0]) // 1024)
        if self._peak > self._launch.memory:
            self._peak = self._launch.memory
            raise _TooMuchMemoryError

    def _explain(self, reason: _FailureError, event: Event) -> tuple[bytes, str]:
        """Return the payload and the type of AWS's error for a failure."""
        match reason:
            case _LateError():
                error, message = TIMED_OUT, f"Task timed out after {self._launch.timeout:.2f} seconds"
            case _TooMuchMemoryError():
                error, message = "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
            case _:
                error, message = EXITED, self._exit_message()
        return _error_payload(error, f"RequestId: {event.request_id} Error: {message}"), error

    def _exit_message(self) -> str:
        code = self._process.wait()
        if code < 0:
            name = signal.strsignal(-code) or str(-code)
            return f"Runtime exited with error: signal: {name.lower()}"
        if code == 0:
            return "Runtime exited without providing a reason"
        return f"Runtime exited with error: exit status {code}"


class _FailureError(Exception):
    """The process cannot answer."""


class _LateError(_FailureError):
    """The deadline passed."""


class _ExitedError(_FailureError):
    """The process ended, and all its requests have been read."""


class _TooMuchMemoryError(_FailureError):
    """The process used more memory than the function has."""


def _is_ready(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _error_payload(error: str, message: str) -> bytes:
    return json.dumps({"errorType": error, "errorMessage": message}, separators=(",", ":")).encode()


_TOO_LARGE = _error_payload(
    "Function.ResponseSizeTooLarge",
    f"Response payload size exceeded maximum allowed payload size ({_MAX_RESPONSE} bytes).",
)
