"""Origins that a user adds to the lab's internet: packets, names, faults, requests and the task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from tests.support.paths import ROOT
from vpcache.lab.addresses import ORIGIN_ADDRESSES
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError

HERE = ZONES[0]


@pytest.fixture
def client(vpc_factory: VpcFactory) -> Iterator[tuple[VpcFactory, str, str]]:
    """A VPC, a function in a private subnet of it, and the elastic IP of the function's zone."""
    vpc_factory.attach_internet_gateway()
    _, address, _ = vpc_factory.new_nat_gateway(HERE)
    function = vpc_factory.new_function(
        VpcConfig={"SubnetIds": [vpc_factory.private[HERE]], "SecurityGroupIds": [vpc_factory.group]}
    )
    yield vpc_factory, function, address
    for origin in vpc_factory.lab.origins():
        vpc_factory.lab.remove_origin(origin.name)


@pytest.fixture
def api(tmp_path: Path) -> Path:
    """A folder with one answer."""
    (tmp_path / "employees.json").write_text('["Ada"]')
    return tmp_path


def run(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"VPCACHE_LAB_PORT": str(lab.port)}
    command = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_function_reaches_an_origin_from_its_zone(client: tuple[VpcFactory, str, str], api: Path) -> None:
    factory, function, address = client
    assert factory.invoke(function, name="api.example.com")["error"] == "gaierror"
    factory.lab.serve_origin("API.example.com", folder=api)
    assert factory.invoke(function, url="https://api.example.com/employees") == {"answer": '["Ada"]'}
    (request,) = factory.lab.origin_requests("api.example.com")
    assert (request.caller, request.method, request.target, request.status) == (
        address,
        "GET",
        "/employees",
        200,
    )
    assert factory.lab.differences() == []
    factory.lab.remove_origin("API.example.com.")
    assert factory.invoke(function, name="api.example.com")["error"] == "gaierror"


def test_origin_is_a_server_of_this_machine(client: tuple[VpcFactory, str, str], api: Path) -> None:
    factory, function, _ = client
    handler = partial(SimpleHTTPRequestHandler, directory=str(api))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        factory.lab.serve_origin("api.example.com", port=server.server_port)
        url = "https://api.example.com/employees.json"
        answer = factory.invoke(function, url=url)
        server.shutdown()
        thread.join()
    assert answer == {"answer": '["Ada"]'}
    assert factory.invoke(function, url=url)["message"] == "HTTP Error 502: Bad Gateway"


def test_faults_and_replacement_of_an_origin(client: tuple[VpcFactory, str, str], api: Path) -> None:
    factory, function, _ = client
    lab, name = factory.lab, "api.example.com"
    lab.serve_origin(name, folder=api)
    with lab.faulted("origin", name, "erroring"):
        message = factory.invoke(function, url=f"https://{name}/employees")["message"]
        assert message == "HTTP Error 500: Internal Server Error"
    (before,) = factory.invoke(function, name=name)["answer"]
    lab.serve_origin(name, status=503)
    assert factory.invoke(function, name=name)["answer"] == [before]
    message = factory.invoke(function, url=f"https://{name}/employees")["message"]
    assert message == "HTTP Error 503: Service Unavailable"
    lab.fault("origin", name)
    lab.remove_origin(name)
    assert lab.faults() == ()
    with pytest.raises(LabError, match=r"unknown origin 'api\.example\.com'; choose from none"):
        lab.remove_origin(name)


def test_number_of_origins_and_their_names_are_limited(client: tuple[VpcFactory, str, str]) -> None:
    lab = client[0].lab
    for name in ("checkip.amazonaws.com", "s3.us-east-1.amazonaws.com", "dummy.restapiexample.com"):
        with pytest.raises(LabError, match=f"origin {name}: the lab serves this host itself"):
            lab.serve_origin(name, status=200)
    for number in range(len(ORIGIN_ADDRESSES)):
        lab.serve_origin(f"o{number}.example", status=200)
    with pytest.raises(LabError, match="the lab has 22 origins, and no address for more"):
        lab.serve_origin("one.more.example", status=200)


def test_apply_names_hosts_that_nobody_serves(client: tuple[VpcFactory, str, str]) -> None:
    factory, function, _ = client
    factory.client("lambda").update_function_configuration(
        FunctionName=function, Environment={"Variables": {"ORIGIN_URL": "https://api.example.com/v1"}}
    )
    (line,) = [line for line in factory.lab.notices() if function in line]
    assert line == (
        f"ORIGIN_URL of function {function} names api.example.com, which the lab's internet does not have: "
        "`./inv lab.origin api.example.com --serve DIR` adds it"
    )
    factory.lab.serve_origin("api.example.com", status=200)
    assert [line for line in factory.lab.notices() if function in line] == []


def test_tasks_add_list_and_remove(client: tuple[VpcFactory, str, str], api: Path) -> None:
    factory, function, address = client
    lab = factory.lab
    added = run(lab, "lab.origin", "api.example.com", "--serve", str(api), "--delay", "0.1")
    assert added.stdout == f"https://api.example.com serves {api} after 0.1 s\n", added.stderr
    factory.invoke(function, url="https://api.example.com/employees")
    listed = run(lab, "lab.origins")
    assert listed.stdout.startswith(added.stdout)
    assert f" {address} GET https://api.example.com/employees 200" in listed.stdout
    as_json = json.loads(run(lab, "lab.origins", "--json").stdout)
    assert {each["caller"] for each in as_json["requests"]} == {address}
    assert as_json["origins"][0]["folder"] == str(api)
    removed = run(lab, "lab.origin", "api.example.com", "--remove")
    assert removed.stdout == "https://api.example.com was removed\n"
    assert run(lab, "lab.origins").stdout.startswith("no origins were added\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "use one of --serve DIR, --proxy 127.0.0.1:PORT, --status NUMBER and --remove"),
        (["--serve", "x", "--proxy", "y"], "--serve and --proxy exclude each other: use one of them"),
        (["--status", "200", "--remove"], "--status and --remove exclude each other: use one of them"),
        (["--delay", "1", "--remove"], "--delay and --remove exclude each other: use one of them"),
        (["--serve", "/missing"], "--serve is '/missing': must be an existing folder"),
        (["--proxy", "10.0.0.1:80"], "--proxy is '10.0.0.1:80': must be 127.0.0.1:PORT"),
        (["--status", "ok"], "--status is 'ok': must be a number from 200 to 599"),
        (["--status", "99"], "--status is '99': must be a number from 200 to 599"),
        (["--status", "200", "--delay", "x"], "--delay is 'x': must be a number from 0 to 60"),
        (["--remove"], "unknown origin 'a.example'; choose from none"),
    ],
)
def test_wrong_arguments_are_one_line(own_lab: Lab, arguments: list[str], message: str) -> None:
    rejected = run(own_lab, "lab.origin", "a.example", *arguments)
    assert (rejected.returncode, rejected.stderr) == (1, f"error: {message}\n")
