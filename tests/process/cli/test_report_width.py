"""The report's page in a browser window of 500 px, the width of a split screen."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.testing.report.outcomes import PASSED, Outcome
from vpcache.testing.report.page import RunReport, html

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
RUN = RunReport(
    "2026-11-23T10:00:00+00:00",
    61.0,
    [Outcome("tests/integration/test_egress.py::test_each_zone_has_its_own_address", PASSED, 1.5)],
    diagram=(ROOT / "docs/dev.svg").read_text(),
)
MEASURE = """
<script>
addEventListener("load", () => {
  const right = [...document.querySelectorAll("body *")].map(each => each.getBoundingClientRect().right)
  document.title = `widths ${innerWidth} ${Math.round(Math.max(...right))} ${document.images.length}`
})
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")
def test_nothing_is_cut_at_500_pixels(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(html(RUN).replace("</body>", f"{MEASURE}</body>"))
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,800"]
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    dumped = subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r"<title>widths ([0-9]+) ([0-9]+) ([0-9]+)</title>", dumped.stdout)
    assert found, dumped.stdout[:500]
    window, right, images = map(int, found.groups())
    assert images == 1
    assert window <= 500
    assert right <= window
