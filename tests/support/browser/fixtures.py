"""The fixture of a browser tab, for tests that import it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser.devtools import PROGRAMS, browser_program
from tests.support.browser.tab import Tab, browser_tab


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A tab of a headless Chromium that the tests of a file share; without a Chromium they are skipped."""
    program = browser_program()
    if program is None:
        pytest.skip(f"no browser is installed: none of {', '.join(PROGRAMS)} is on PATH")
    profile: Path = tmp_path_factory.mktemp("browser")
    with browser_tab(program, profile) as opened:
        opened.resize(1200, 900)
        yield opened
