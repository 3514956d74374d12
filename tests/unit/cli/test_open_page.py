"""The choice whether `lab.open` opens a browser."""

from __future__ import annotations

import pytest

from vpcache.cli.inspect import has_windows


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "w3m"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_browser_is_opened_where_it_has_a_window(
    environment: dict[str, str], platform: str, expected: bool
) -> None:
    assert has_windows(environment, platform) is expected
