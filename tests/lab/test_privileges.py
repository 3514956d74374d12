"""A lab in the foreground, as in a container, with the capabilities that its files name and without one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from tests.support.paths import ROOT
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.lab.privileges import CAPABILITIES, is_container
from vpcache.testing.run import PytestRun

SECONDS = 120
IDENTITY = """
    import os

    def handler(event, context):
        with open("/proc/self/status") as status:
            sets = [line.split()[1] for line in status if line.startswith("Cap")]
        return {"uid": os.getuid(), "capabilities": sorted(set(sets))}
"""
is_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can drop capabilities, with setpriv"
)


def limited(*capabilities: str) -> list[str]:
    """Return a command prefix with which a command of root has no other capabilities."""
    bounding = ",".join(["-all", *(f"+{name.lower()}" for name in capabilities)])
    return ["setpriv", f"--bounding-set={bounding}", "--inh-caps=-all"]


def start(lab: Lab, *options: str, prefix: tuple[str, ...] = (), **variables: str) -> subprocess.Popen[str]:
    """Type lab.start with some options."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "invoke", "lab.start", *options],
        cwd=ROOT,
        env=os.environ | {"VPCACHE_LAB_PORT": str(lab.port)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@is_root
def test_lab_serves_in_the_foreground_with_the_named_capabilities(vpcache_run: PytestRun) -> None:
    with vpcache_run.own_lab() as lab:
        process = start(lab, "--foreground", prefix=(*limited(*CAPABILITIES),))
        assert line_of(process).startswith(f"the lab is running at http://127.0.0.1:{lab.port}, process ")
        lab.configure(transition_ms=20, interface_linger_seconds=0, iam_lag_ms=0)
        factory = VpcFactory(lab)
        factory.attach_internet_gateway()
        _, address, _ = factory.new_nat_gateway(ZONES[0])
        factory.new_cluster()
        probe = factory.new_function("probe", ZONES[0])
        assert factory.invoke(probe, url="https://checkip.amazonaws.com/") == {"answer": f"{address}\n"}
        identity = factory.invoke(factory.new_function("identity", ZONES[0], code=IDENTITY))
        assert identity == {"uid": 993, "capabilities": ["0000000000000000"]}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out, err) == (0, f"the lab at {lab.endpoint} was stopped\n", "")
        assert not lab.status().running


@is_root
@pytest.mark.parametrize("dropped", ["NET_ADMIN", "NET_BIND_SERVICE", "SYS_ADMIN"])
def test_lab_without_a_capability_names_it(tmp_path: Path, vpcache_run: PytestRun, dropped: str) -> None:
    with vpcache_run.own_lab() as lab:
        kept = [name for name in CAPABILITIES if name != dropped]
        process = start(lab, prefix=(*limited(*kept),))
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith(
        f"error: the lab did not start without the capabilities {dropped}: start the container"
    )
    assert f"--cap-add={dropped}" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda each: each.name)
def test_signal_ends_a_lab_in_the_foreground(vpcache_run: PytestRun, number: signal.Signals) -> None:
    with vpcache_run.own_lab() as lab:
        process = start(lab, "--foreground")
        line_of(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, err) == (0, "")
        assert not lab.status().running


def test_end_of_the_lab_ends_the_foreground_with_an_error(vpcache_run: PytestRun) -> None:
    with vpcache_run.own_lab() as lab:
        process = start(lab, "--foreground")
        line_of(process)
        lab.stop()
        _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (
        1,
        f"error: the lab at {lab.endpoint} ended, and its stacks with it\n",
    )


@pytest.mark.skipif(is_container(os.environ), reason="this is a container")
def test_all_addresses_are_refused_outside_a_container(vpcache_run: PytestRun) -> None:
    with vpcache_run.own_lab() as lab:
        with pytest.raises(LabError, match=r"outside, the lab listens on 127\.0\.0\.1 only"):
            lab.start(Path(os.devnull), all_addresses=True)
        assert not lab.status().running


def test_lab_listens_on_all_addresses_of_a_container(vpcache_run: PytestRun) -> None:
    with vpcache_run.own_lab() as lab:
        assert start(lab, "--all-addresses", container="test").wait(SECONDS) == 0
        assert f"00000000:{lab.port:04X}" in listening()


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_container_is_known_by_its_marks(tmp_path: Path, mark: str) -> None:
    assert not is_container({}, tmp_path)
    assert is_container({"container": "lxc"}, tmp_path)
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    assert is_container({}, tmp_path)


def listening() -> set[str]:
    """Return the addresses on which this machine listens, as in /proc/net/tcp."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return {words[1] for words in lines if words[3] == "0A"}
