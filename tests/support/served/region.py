"""A region's API on a free port of 127.0.0.1, with a fake data plane and a fake function runner."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.serving import make_server

from vpcache.lab.aws.gateway.app import create_app
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.functions.spec import Event, FunctionSpec, Invocation, LogEvent
from vpcache.lab.services.http import RequestHandler
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import Topology

INSTANT_SETTINGS = LabSettings(transition_ms=0, interface_linger_seconds=0, iam_lag_ms=0)
"""LabSettings without delays, for tests that do not test delays."""


@dataclass
class RecordingRunner:
    """Answers every invocation with its event, or with the result of `answer`, and records all calls."""

    invoked: list[tuple[FunctionSpec, Event]] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    answer: Callable[[bytes], tuple[bytes, bool]] = lambda payload: (payload, False)
    missing: frozenset[str] = frozenset()  # runtimes that this machine lacks

    def check(self, function: FunctionSpec) -> None:
        """Accept every function."""

    def check_runtime(self, runtime: str) -> None:
        if runtime in self.missing:
            raise NotImplementedError(f"The runtime {runtime} is not supported on this machine.")

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        self.invoked.append((function, event))
        answer, is_error = self.answer(event.payload)
        lines = (
            *(f"{name} RequestId: {event.request_id}\n" for name in ("START", "END")),
            f"REPORT {'x' * 5000}\n",
        )
        return Invocation(
            payload=answer,
            error="Unhandled" if is_error else None,
            log=tuple(LogEvent(int(time.time() * 1000), line) for line in lines),
            log_stream="2025/01/31/[$LATEST]0123456789abcdef",
            request_id=event.request_id,
        )

    def forget(self, function_arn: str, version: str) -> None:
        self.forgotten.append((function_arn, version))


@dataclass
class Region:
    """A running region, its clients, and the topologies that it reconciled."""

    url: str
    runner: RecordingRunner
    reconciled: list[Topology]
    reconcile_error: Exception | None = None
    api: WSGIApplication | None = None
    settings: LabSettings = field(default_factory=lambda: INSTANT_SETTINGS)

    def client(self, service: str, region: str = "us-east-1", account: str = "test") -> Any:
        """Return a client that other tests share."""
        return _shared_client(self.url, service, region, account)

    def own_client(self, service: str, region: str = "us-east-1", account: str = "test") -> Any:
        """Return a new client, for a test that changes the client."""
        return _client(self.url, service, region, account)

    def reconcile(self) -> None:
        if self.reconcile_error:
            raise self.reconcile_error
        self.reconciled.append(derive())


def _client(url: str, service: str, region: str, account: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


_shared_client = lru_cache(maxsize=64)(_client)  # to create one takes longer than a call


@dataclass
class Port:
    """A free port of 127.0.0.1 that serves the API of one region after another."""

    url: str = ""
    api: WSGIApplication | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Pass a request to the API of the present region."""
        assert self.api is not None, "no region is served"
        return self.api(environ, start_response)


@contextmanager
def listen() -> Iterator[Port]:
    """Open a port."""
    port = Port()
    server = make_server("127.0.0.1", 0, port, threaded=True, request_handler=RequestHandler)
    port.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serve_at(port: Port) -> Iterator[Region]:
    """Serve a region with empty EC2, ElastiCache and Lambda; tests of a process share other services."""
    region = Region(port.url, RecordingRunner(), [])
    port.api = region.api = create_app(region.runner, lambda: region.reconcile(), lambda: region.settings)
    try:
        yield region
    finally:
        port.api = None


@contextmanager
def serve() -> Iterator[Region]:
    """Serve a region at a new port."""
    with listen() as port, serve_at(port) as region:
        yield region


def unique(name: str) -> str:
    """Return a name that no other test uses, for resources of services that tests share."""
    return f"{name}-{uuid.uuid4()}"


@dataclass(frozen=True)
class Network:
    """The IDs of a VPC with a public and a private subnet in each of two zones."""

    vpc: str
    internet_gateway: str
    public: dict[str, str]
    private: dict[str, str]


ZONES = ("us-east-1a", "us-east-1b")


def two_zones(ec2: Any) -> Network:
    """Create the source scenario's network in the client's region, without NAT gateways."""
    first, second = (f"{ec2.meta.region_name}{letter}" for letter in "ab")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    def subnet(zone: str, cidr: str) -> str:
        response = ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=cidr)
        return str(response["Subnet"]["SubnetId"])

    return Network(
        vpc,
        gateway,
        {first: subnet(first, "10.0.0.0/26"), second: subnet(second, "10.0.0.64/26")},
        {first: subnet(first, "10.0.0.128/26"), second: subnet(second, "10.0.0.192/26")},
    )


class ApiError(NamedTuple):
    """An error response of an AWS API."""

    status: int
    code: str
    message: str


def api_error(call: Any, **arguments: Any) -> ApiError:
    """Make a call that must fail, and return its error."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return ApiError(status, response["Error"]["Code"], response["Error"].get("Message", ""))


def error_code(call: Any, **arguments: Any) -> str:
    """Make a call that must fail, and return its error code."""
    return api_error(call, **arguments).code


@lru_cache(maxsize=64)
def unchecked(client: Any) -> Any:
    """Return a client of the same service that does not check parameters before it sends them."""
    return boto3.client(
        client.meta.service_model.service_name,
        endpoint_url=client.meta.endpoint_url,
        region_name=client.meta.region_name,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
