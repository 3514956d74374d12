"""The hosts of the lab's internet and their faults."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.network.isolation import add_namespace, isolated
from vpcache.lab.addresses import CHECKIP, HOSTS, ORIGIN
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.internet import Internet, OriginApi, employee

EMPLOYEES = "/api/v1/employees"
CALLER = "203.0.113.9"


class InternetHarness:
    """The internet and a client in one namespace."""

    def __init__(self, work: Path) -> None:
        add_namespace("internet", CALLER, *map(str, HOSTS.values()))
        self.namespaces = Namespaces()
        self.internet = Internet(self.namespaces, "internet", work)

    def fault(self, mode: Mode, seconds: float | None = None) -> None:
        self.internet.reconcile({ORIGIN: Fault.create(FaultKind.ORIGIN, ORIGIN, mode, seconds)})

    def socket(self, name: str, port: int = 443) -> socket.socket:
        connection = self.namespaces.socket("internet")
        connection.bind((CALLER, 0))
        connection.settimeout(5)
        connection.connect((str(HOSTS[name]), port))
        return connection

    @contextmanager
    def connected(self, name: str, port: int = 443) -> Iterator[HTTPConnection]:
        connection = HTTPConnection(name)
        connection.sock = self.socket(name, port)
        if port == 443:
            trust = ssl.create_default_context(cafile=str(self.internet.ca_file))
            connection.sock = trust.wrap_socket(connection.sock, server_hostname=name)
        yield connection
        connection.close()

    def get(self, name: str, path: str, port: int = 443) -> tuple[HTTPResponse, bytes]:
        with self.connected(name, port) as connection:
            return get(connection, path)


def get(connection: HTTPConnection, path: str) -> tuple[HTTPResponse, bytes]:
    connection.request("GET", path)
    response = connection.getresponse()
    return response, response.read()


@isolated
def test_origin_serves_lists_and_single_employees(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    response, body = harness.get(ORIGIN, EMPLOYEES)
    assert response.status == 200 and response.headers["Content-Type"] == "application/json"
    content = json.loads(body)
    assert content["status"] == "success" and len({each["id"] for each in content["data"]}) > 10
    assert 1_800 < len(body) < 2_200
    assert 95_000 < len(harness.get(ORIGIN, f"{EMPLOYEES}/archive")[1]) < 105_000
    assert json.loads(harness.get(ORIGIN, "/api/v1/employee/me-1")[1])["data"] == employee("me-1")
    assert harness.get(ORIGIN, EMPLOYEES)[1] == body
    assert harness.get(ORIGIN, "/api/v1/employee/")[0].status == 404
    assert harness.get(ORIGIN, "/")[0].status == 404


@isolated
def test_origin_counts_requests_by_path_on_one_connection(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    with harness.connected(ORIGIN) as connection:
        first = connection.sock
        for path in (EMPLOYEES, f"{EMPLOYEES}?page=2", "/api/v1/employee/7"):
            assert get(connection, path)[0].status == 200
        assert connection.sock is first
    assert harness.internet.origin.calls() == {EMPLOYEES: 2, "/api/v1/employee/7": 1}


@isolated
def test_origin_delay_can_be_set(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    with harness.connected(ORIGIN) as connection:
        get(connection, EMPLOYEES)
        started = time.perf_counter()
        get(connection, EMPLOYEES)
        assert time.perf_counter() - started >= 0.05
        harness.internet.origin.delay = 0.3
        started = time.perf_counter()
        get(connection, EMPLOYEES)
        assert time.perf_counter() - started >= 0.3


@isolated
def test_checkip_returns_the_callers_address_on_both_ports(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    for port in (443, 80):
        assert harness.get(CHECKIP, "/", port)[1] == f"{CALLER}\n".encode()


@isolated
def test_origin_certificate_requires_the_labs_authority(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    for context, name in (
        (ssl.create_default_context(), ORIGIN),
        (ssl.create_default_context(cafile=str(harness.internet.ca_file)), "other.example"),
    ):
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(harness.socket(ORIGIN), server_hostname=name)


@isolated
def test_silent_or_disconnected_clients_do_not_block_others(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    silent = [harness.socket(ORIGIN) for _ in range(5)]
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100, b""):
        with harness.socket(ORIGIN) as client:
            client.sendall(nonsense)
    with harness.connected(ORIGIN) as connection:
        connection.request("GET", EMPLOYEES)
    assert harness.get(ORIGIN, EMPLOYEES)[0].status == 200
    harness.internet.close()
    for client in silent:
        assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        harness.socket(ORIGIN)


def test_closing_the_origin_ends_its_delay() -> None:
    origin = OriginApi()
    origin.delay = 3600
    origin.close()
    assert origin.answer(EMPLOYEES, CALLER)[0] == 200


@isolated
def test_erroring_fault_of_a_host_until_recovery(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    with harness.connected(ORIGIN) as connection:
        harness.fault(Mode.ERRORING)
        assert get(connection, EMPLOYEES)[0].status == 500
        assert harness.get(CHECKIP, "/")[0].status == 200
        harness.internet.reconcile({})
        assert get(connection, EMPLOYEES)[0].status == 200
    assert harness.internet.origin.calls() == {EMPLOYEES: 2}


@isolated
def test_slow_fault_of_a_host_until_recovery(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    harness.fault(Mode.SLOW, 0.3)
    started = time.perf_counter()
    assert harness.get(ORIGIN, EMPLOYEES)[0].status == 200
    assert time.perf_counter() - started >= 0.3
    harness.fault(Mode.SLOW, 3600)
    with harness.connected(ORIGIN) as connection:
        connection.request("GET", EMPLOYEES)
        with pytest.raises(TimeoutError):
            connection.sock.settimeout(0.3)
            connection.sock.recv(1)
        harness.internet.reconcile({})
        connection.sock.settimeout(5)
        assert connection.getresponse().status == 200


@isolated
def test_invalid_tls_fault_of_a_host_until_recovery(tmp_path: Path) -> None:
    harness = InternetHarness(tmp_path)
    with harness.connected(ORIGIN) as connection:
        get(connection, EMPLOYEES)
        harness.fault(Mode.INVALID_TLS)
        with pytest.raises(OSError):
            get(connection, EMPLOYEES)
    with pytest.raises(ssl.SSLCertVerificationError):
        harness.get(ORIGIN, EMPLOYEES)
    harness.internet.reconcile({})
    assert harness.get(ORIGIN, EMPLOYEES)[0].status == 200
