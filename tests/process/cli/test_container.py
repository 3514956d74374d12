"""The image, built and run by Docker or Podman, with the commands of README typed in the container."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT
from vpcache.lab.privileges import RUN_OPTIONS

IMAGE = "localhost/vpcache-test"
SECONDS = 1800


def _engine() -> str | None:
    """Return the container engine that runs on this machine, None without one."""
    for name in ("docker", "podman"):
        if (
            shutil.which(name)
            and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0
        ):
            return name
    return None


ENGINE = _engine()
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(ENGINE is None, reason="neither Docker nor Podman runs on this machine"),
]


def _engine_prints(*words: str) -> str:
    done = subprocess.run(
        [str(ENGINE), *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """The ID of a container whose command is a lab in the foreground, and which has no network."""
    _engine_prints("build", "--file", "containers/Dockerfile", "--tag", IMAGE, ".")
    run = ["run", "--detach", "--init", "--network=none", *RUN_OPTIONS]
    container = _engine_prints(*run, IMAGE).strip()
    yield container
    _engine_prints("rm", "--force", container)


def test_commands_of_the_readme_work_in_the_container(container: str) -> None:
    def typed(*words: str) -> str:
        return _engine_prints("exec", container, "./inv", *words)

    assert "FAILED" not in typed("lab.doctor")
    assert "56/56 created" in typed("apply", "--env", "dev")
    assert "from the origin" in typed("call", "--env", "dev")
    assert "from the cache" in typed("call", "--env", "dev")
    assert "failed" not in typed("verify", "--env", "dev")
    assert "nothing is left of vpcache-dev" in typed("destroy", "--env", "dev")


def test_stop_of_the_container_stops_the_lab(container: str) -> None:
    _engine_prints("stop", "--time=20", container)
    assert _engine_prints("inspect", "--format={{.State.ExitCode}}", container) == "0\n"
    assert re.search(r"the lab at \S+ was stopped", _engine_prints("logs", container))
