"""A benchmark stops its lab, even if it fails."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.stack import hits
from tests.support.commands import namespace_processes, wait_until_gone
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab

pytestmark = pytest.mark.lab


def test_failed_benchmark_leaves_no_lab_and_no_folder(tmp_path, monkeypatch):
    runs, hcl = tmp_path / "runs", tmp_path / "envs/dev/main.tf"
    for folder in (runs, hcl.parent, tmp_path / "lambda"):
        folder.mkdir(parents=True)
    os.mkfifo(hcl)  # the benchmark reads it when the lab runs, and waits until it is written
    monkeypatch.setattr(tempfile, "tempdir", str(runs))

    with ThreadPoolExecutor() as executor:
        bench = executor.submit(hits, tmp_path)
        # a benchmark that ends before it reads must not block the writer
        bench.add_done_callback(lambda _: os.close(os.open(hcl, os.O_RDONLY | os.O_NONBLOCK)))
        with hcl.open("w"):
            (port,) = runs.glob("vpcache-ci-*/lab-port")
            lab = Lab(int(port.read_text()))
            pid = lab.status().pid
            assert pid is not None
            processes = namespace_processes(pid)
            hcl.unlink()
            hcl.touch()  # the benchmark reads it several times, and a pipe would block it again
        with pytest.raises(VpcacheError, match="no backend"):
            bench.result()
    try:
        wait_until_gone(processes)
        assert list(runs.iterdir()) == []
    finally:
        lab.stop()
