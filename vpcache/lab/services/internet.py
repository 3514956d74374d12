"""The lab's internet: the origin API, and a service that returns the caller's address."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from itertools import product
from pathlib import Path

from vpcache.lab.addresses import CHECKIP, DUAL_STACK_CHECKIP, HOSTS, IPV6_HOSTS, ORIGIN
from vpcache.lab.faults import Fault
from vpcache.lab.network.naming import CA_FILE
from vpcache.lab.network.netns import Namespaces, has_ipv6
from vpcache.lab.services.authority import Authority
from vpcache.lab.services.http_host import HttpAnswer, HttpHost, HttpRequest, Tls

_ORIGIN_DELAY = 0.05  # seconds until the origin answers
_EMPLOYEES = 21  # about 2 KB of JSON
_ARCHIVED = 1030  # about 100 KB of JSON
_SYLLABLES = ("ba", "de", "fi", "go", "ka", "lu", "me", "no", "pi", "ra", "so", "ti", "vu", "ze")

_Response = tuple[HTTPStatus, str, bytes]  # status, content type, body


def employee(key: str) -> dict[str, object]:
    """Return the fictional employee of `key`, the same one for each call."""
    generator = random.Random(key)  # noqa: S311  # reproducible sample data
    names = ["".join(generator.choices(_SYLLABLES, k=3)).capitalize() for _ in range(2)]
    return {
        "id": key,
        "employee_name": " ".join(names),
        "employee_salary": generator.randrange(40_000, 400_000),
        "employee_age": generator.randrange(20, 66),
    }


class OriginApi:
    """The REST API that the functions call. It counts requests; `delay` is its response time in seconds."""

    def __init__(self) -> None:
        self.delay = _ORIGIN_DELAY
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._lists = {
            "/api/v1/employees": _success([employee(str(n)) for n in range(1, _EMPLOYEES + 1)]),
            "/api/v1/employees/archive": _success([employee(f"a{n}") for n in range(1, _ARCHIVED + 1)]),
        }

    def calls(self) -> dict[str, int]:
        """Return the number of requests for each path, also for unknown ones."""
        with self._lock:
            return dict(self._calls)

    def answer(self, path: str, _caller: str) -> _Response:
        """Answer a GET of `path` after the delay."""
        with self._lock:
            self._calls[path] += 1
        self._closing.wait(self.delay)
        stem, _, key = path.rpartition("/")
        if body := self._lists.get(path):
            return HTTPStatus.OK, "application/json", body
        if stem == "/api/v1/employee" and key:
            return HTTPStatus.OK, "application/json", _success(employee(key))
        body = json.dumps({"status": "error", "message": f"nothing at {path}"}).encode()
        return HTTPStatus.NOT_FOUND, "application/json", body

    def close(self) -> None:
        """End the delay of all requests."""
        self._closing.set()


class Internet:
    """The public services other than AWS's API, which run inside `namespace` from construction to `close`.

    `ca_file` is the certificate of the lab's new certificate authority, in the folder `work`.
    """

    def __init__(self, namespaces: Namespaces, namespace: str, work: Path) -> None:
        self.authority, self._untrusted = Authority("vpcache lab"), Authority("untrusted")
        self.ca_file = work / CA_FILE.name
        self.authority.write(self.ca_file)
        self.origin = OriginApi()
        self._servers: dict[str, list[HttpHost]] = {}
        hosts = (
            (ORIGIN, self.origin.answer, (443,)),
            (CHECKIP, _return_address, (443, 80)),
            (DUAL_STACK_CHECKIP, _return_address, (443, 80)),
        )
        for name, answer, ports in hosts:
            for address, port in product(_addresses(name), ports):
                listener = namespaces.listen(namespace, address, port)
                tls = self.tls(name) if port == 443 else None
                server = HttpHost(listener, tls, partial(_get, answer))
                self._servers.setdefault(name, []).append(server)

    def tls(self, name: str) -> Tls:
        """Return the certificates of an internet host called `name`."""
        return Tls(name, self.authority, self._untrusted)

    def reconcile(self, faults: Mapping[str, Fault]) -> None:
        """Apply exactly `faults`, by host name. Hosts that are down are isolated by the network."""
        for name, servers in self._servers.items():
            for server in servers:
                server.set_fault(faults.get(name))

    def close(self) -> None:
        """Stop the servers and cut their connections."""
        self.origin.close()
        for servers in self._servers.values():
            for server in servers:
                server.close()


def _addresses(name: str) -> Iterator[str]:
    yield str(HOSTS[name])
    if name in IPV6_HOSTS and has_ipv6():
        yield str(IPV6_HOSTS[name])


def _get(answer: Callable[[str, str], _Response], request: HttpRequest) -> HttpAnswer:
    """Answer a GET request by its path and the caller's address; reject other methods."""
    if request.method != "GET":
        return HttpAnswer(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET"),))
    status, content_type, body = answer(request.path, request.caller)
    return HttpAnswer(status, body, (("Content-Type", content_type),))


def _return_address(_path: str, caller: str) -> _Response:
    return HTTPStatus.OK, "text/plain", f"{caller}\n".encode()


def _success(data: object) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()
