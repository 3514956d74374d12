"""The cached API through its URL: signed requests, and curl on the lab."""

import secrets
import shlex
import subprocess

import pytest

from vpcache.front_door import FrontDoor


@pytest.fixture
def front_door(target, outputs):
    return FrontDoor(target, outputs["cached_api_url"])


@pytest.fixture
def path():
    return f"/employee/{secrets.randbelow(10**9)}"


def test_signed_requests_miss_and_then_hit(front_door, path):
    first, second = (front_door.get(path) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")


def test_unsigned_request_is_forbidden(front_door):
    assert front_door.get("/employees", is_signed=False).status == 403


@pytest.mark.lab  # on AWS the command takes the credentials of the shell
def test_printed_curl_command_gets_a_hit(front_door, path):
    command = shlex.split(front_door.curl(path))
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    assert "\nx-cache: MISS" in first
    assert "\nx-cache: HIT" in second
