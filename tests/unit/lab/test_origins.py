"""The data of origins: what is valid, and how each error names the value."""

from __future__ import annotations

import re
from typing import Any

import pytest

from vpcache.lab.errors import LabError
from vpcache.lab.origins import Origin


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({"folder": "/srv/api"}, "https://api.example.com serves /srv/api"),
        ({"port": 8000}, "https://api.example.com passes requests on to 127.0.0.1:8000"),
        ({"status": 503, "delay": 1.5}, "https://api.example.com answers with status 503 after 1.5 s"),
    ],
)
def test_label_has_name_and_answer(options: dict[str, Any], label: str) -> None:
    assert Origin.create("API.example.com.", **options).label == label


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("localhost", {"status": 200}, "host name 'localhost': must be a DNS name with a domain"),
        ("a b.example.com", {"status": 200}, "host name 'a b.example.com': must be a DNS name"),
        ("../etc.example", {"status": 200}, "host name '../etc.example': must be a DNS name"),
        (None, {"status": 200}, "host name 'none': must be a DNS name"),
        ("a.example", {}, "origin a.example: needs exactly one of a folder, a port and a status, not 0"),
        ("a.example", {"port": 1, "status": 200}, "exactly one of a folder, a port and a status, not 2"),
        ("a.example", {"folder": "api"}, "folder 'api' of origin a.example: must be an absolute path"),
        ("a.example", {"folder": 1}, "folder 1 of origin a.example: must be an absolute path"),
        ("a.example", {"port": 0}, "port 0 of origin a.example: must be a number from 1 to 65535"),
        ("a.example", {"port": True}, "port True of origin a.example: must be a number from 1 to 65535"),
        ("a.example", {"status": 199}, "status 199 of origin a.example: must be a number from 200 to 599"),
        ("a.example", {"status": 200, "delay": -1}, "delay -1 of origin a.example: must be 0 to 60 seconds"),
        ("a.example", {"status": 200, "delay": "1"}, "delay '1' of origin a.example: must be 0 to 60"),
    ],
)
def test_invalid_value_is_named(name: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError, match=re.escape(message)):
        Origin.create(name, **options)
