"""Memcached processes, a configuration endpoint and an origin on 127.0.0.1, for benchmarks and tests."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import socket
import socketserver
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from vpcache.testing.run import free_port


class Memcached:
    """A memcached process on a port of 127.0.0.1. It can be killed, frozen and restarted."""

    def __init__(self, port: int | None = None, options: Sequence[str] = ()) -> None:
        self.port = port or free_port()
        self._options = options
        self.start()

    def start(self) -> None:
        """Start the process and wait until it accepts connections."""
        where = ["-u", "root", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-m", "64", "-t", "1"]
        self._process = subprocess.Popen(["memcached", *where, *self._options])
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"memcached failed to start on 127.0.0.1:{self.port}") from None

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def pin(self, processors: set[int]) -> None:
        """Pin all its threads to these processors."""
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), processors)

    def freeze(self) -> None:
        """Stop the process, all its threads; the kernel still accepts connections for it."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def put(self, key: bytes, value: bytes) -> None:
        """Store a value."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(b"set %b 0 0 %d\r\n%b\r\n" % (key, len(value), value))
            if connection.recv(100) != b"STORED\r\n":
                raise RuntimeError(f"memcached did not store {len(value)} bytes")

    def stats(self) -> dict[str, int]:
        """Return the numeric statistics of the node."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(b"stats\r\nquit\r\n")
            lines = [line.split() for line in connection.makefile()]
        return {words[1]: int(words[2]) for words in lines if len(words) == 3 and words[2].isdigit()}


class Discovery:
    """A configuration endpoint that lists the nodes on `ports`, which may change."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        endpoint = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                if self.rfile.readline() == b"config get cluster\r\n":
                    nodes = " ".join(f"localhost|127.0.0.1|{port}" for port in endpoint.ports)
                    body = f"1\n{nodes}\n".encode()
                    self.wfile.write(b"CONFIG cluster 0 %d\r\n%b\r\nEND\r\n" % (len(body), body))

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.close = _serve(self._server)


class Origin:
    """An HTTP API: `/bytes/N/name` returns JSON of about N bytes, `/noise/N/name` incompressible bytes.

    It counts calls. Each takes `delay` seconds, or the time of another `pause`. `status`, `content_type` and
    `content`, if it is not None, apply to all paths.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay
        self.pause: Callable[[], object] = lambda: time.sleep(self.delay)
        self.status = 200
        self.content_type = "application/json"
        self.content: bytes | None = None
        self.calls: Counter[str] = Counter()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                api.calls[self.path] += 1
                api.pause()
                words = self.path.split("/")
                size = int(words[2]) if words[1] in ("bytes", "noise") else 200
                content = random.randbytes(size) if words[1] == "noise" else employees(size)
                content = content if api.content is None else api.content
                self.send_response(api.status)
                self.send_header("Content-Type", api.content_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _WebServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.close = _serve(self._server)


@contextmanager
def cluster(size: int) -> Iterator[tuple[list[Memcached], Discovery]]:
    """Run `size` nodes and their configuration endpoint during a `with` block."""
    with ExitStack() as stack:
        nodes = []
        for _ in range(size):
            nodes.append(Memcached())
            stack.callback(nodes[-1].kill)
        discovery = Discovery([node.port for node in nodes])
        stack.callback(discovery.close)
        yield nodes, discovery


@functools.cache
def employees(size: int) -> bytes:
    """Return JSON of about `size` bytes, in the format of the source scenario's API."""
    data: list[dict[str, object]] = []
    length = 0
    while length < size - 40:
        number = len(data)
        name = f"Employee {number * 7919 % 10007:05d}"
        data.append(
            {
                "id": number,
                "employee_name": name,
                "employee_salary": number * 6151 % 400_000,
                "employee_age": 20 + number * 31 % 46,
            }
        )
        length += len(json.dumps(data[-1])) + 2
    return json.dumps({"status": "success", "data": data}).encode()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256


class _WebServer(ThreadingHTTPServer):
    request_queue_size = 256


def _serve(server: socketserver.BaseServer) -> Any:
    """Serve in a thread; return a function that stops the server."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return close
