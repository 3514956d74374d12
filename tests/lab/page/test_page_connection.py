"""What the page says about its connection while the lab stops and another one starts on the same port."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser.fixtures import tab as tab  # a fixture
from tests.support.browser.tab import Tab
from vpcache.testing.run import PytestRun

STATUS = "document.querySelector('#connection')?.textContent"
TOKEN = "document.querySelector('meta[name=lab-token]').content"
SECONDS = 60


def test_page_reconnects_and_takes_the_token_of_the_next_lab(
    tab: Tab, vpcache_run: PytestRun, tmp_path: Path
) -> None:
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        tab.open(f"{lab.endpoint}/")
        tab.wait(f"{STATUS} === 'live'")
        assert "./inv apply" in tab.text("#picture")
        token = tab.evaluate(TOKEN)
        lab.stop()
        tab.wait(f"{STATUS}.startsWith('reconnecting: the lab has stopped')", SECONDS)
        lab.start(tmp_path / "lab.log")
        tab.wait(f"{STATUS} === 'live' && {TOKEN} !== '{token}'", SECONDS)
