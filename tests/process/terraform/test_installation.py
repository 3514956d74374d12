"""Terraform fetched from a server of the test's own: right, wrong, broken, missing, unreachable."""

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.clean_machine import CleanMachine, program, put
from vpcache.errors import VpcacheError
from vpcache.terraform.installation import (
    PINNED,
    Release,
    fetch,
    fetched_terraform,
    find_terraform,
    this_platform,
)
from vpcache.testing.run import free_port

VERSION = "1.99.0"
ZIP = f"terraform_{VERSION}_linux_amd64.zip"
LIST = f"terraform_{VERSION}_SHA256SUMS"


def zipped(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("LICENSE.txt", "terms")
        archive.writestr("terraform", text)
    return stream.getvalue()


ARCHIVE = zipped(program(VERSION))
CHECKSUM = hashlib.sha256(ARCHIVE).hexdigest()
RELEASE = Release(VERSION, {"linux_amd64": CHECKSUM})


@contextmanager
def serving(files: dict[str, bytes], cut: int = 0) -> Iterator[str]:
    """Serve files of one release; of the zip, promise `cut` bytes more than come."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path.rpartition("/")[2])
            if body is None or not self.path.startswith("/terraform/"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + (cut if self.path.endswith(".zip") else 0)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def listing(checksum: str = CHECKSUM) -> bytes:
    return f"{'0' * 64}  terraform_{VERSION}_darwin_arm64.zip\n{checksum}  {ZIP}\n".encode()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def target(tmp_path):
    return tmp_path / VERSION / "terraform"


def refused(server: str, target: Path, release: Release = RELEASE) -> str:
    """Return why a fetch was refused; neither the program nor a part of it may be left."""
    with pytest.raises(VpcacheError) as refusal:
        fetch(release, target, server=server, on_platform="linux_amd64")
    assert list(target.parent.iterdir()) == []
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_what_the_checksums_say_is_installed_and_nothing_else_is_left(target):
    with serving({LIST: listing(), ZIP: ARCHIVE}) as server:
        fetch(RELEASE, target, server=f"{server}/", on_platform="linux_amd64")
    assert list(target.parent.iterdir()) == [target]
    assert target.read_text() == program(VERSION)
    assert os.access(target, os.X_OK)


def test_a_zip_that_its_server_does_not_list_so_is_refused(target):
    with serving({LIST: listing("f" * 64), ZIP: ARCHIVE}) as server:
        assert f"has SHA-256 {CHECKSUM}, but its server lists {'f' * 64}" in refused(server, target)


def test_a_zip_that_its_server_does_not_list_at_all_is_refused(target):
    with serving({LIST: b"", ZIP: ARCHIVE}) as server:
        assert "its server lists none" in refused(server, target)


def test_a_server_that_agrees_with_itself_but_not_with_the_source_is_refused(target):
    forged = zipped("#!/bin/sh\necho mine\n")
    checksum = hashlib.sha256(forged).hexdigest()
    with serving({LIST: listing(checksum), ZIP: forged}) as server:
        assert f"has SHA-256 {checksum}, but HashiCorp published {CHECKSUM}" in refused(server, target)


def test_a_download_that_breaks_off_is_refused(target):
    with serving({LIST: listing(), ZIP: ARCHIVE}, cut=1000) as server:
        line = refused(server, target)
    assert f"{ZIP} does not come: " in line
    assert "1000 more expected" in line


@pytest.mark.parametrize("files", [{}, {LIST: listing()}], ids=["neither", "the list alone"])
def test_what_is_not_there_is_named(target, files):
    with serving(files) as server:
        line = refused(server, target)
    assert f"{ZIP if files else LIST} answers 404 Not Found: is VPCACHE_TERRAFORM_SERVER right?" in line


def test_no_network_is_told(target):
    line = refused(f"http://127.0.0.1:{free_port()}", target)
    assert "Connection refused; try again" in line


def test_a_program_that_does_not_run_here_is_not_put_in_the_way(target):
    other = zipped("no program\n")
    checksum = hashlib.sha256(other).hexdigest()
    with serving({LIST: listing(checksum), ZIP: other}) as server:
        line = refused(server, target, Release(VERSION, {"linux_amd64": checksum}))
    assert "does not tell its version" in line


def test_a_refused_fetch_leaves_what_was_there(target):
    put(target.parent, "1.98.0")
    with serving({LIST: listing(), ZIP: ARCHIVE}, cut=1) as server, pytest.raises(VpcacheError):
        fetch(RELEASE, target, server=server, on_platform="linux_amd64")
    assert target.read_text() == program("1.98.0")


def test_a_platform_without_a_checksum_is_refused(target):
    with pytest.raises(VpcacheError, match=r"no checksum of Terraform 1\.99\.0 is known for plan9_mips"):
        fetch(RELEASE, target, on_platform="plan9_mips")


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VpcacheError, match=r"cannot put Terraform at .*/file/terraform: "):
        fetch(RELEASE, tmp_path / "file" / "terraform", on_platform="linux_amd64")


def test_this_machine_has_a_checksum():
    assert len(PINNED.checksums[this_platform()]) == 64


def test_missing_terraform_is_named_with_the_remedy(tmp_path):
    with pytest.raises(
        VpcacheError, match=r"terraform is not on PATH: install Terraform 1\.11 .*installation` fetches"
    ):
        find_terraform({"PATH": "/nonexistent", "HOME": str(tmp_path)})


def test_old_terraform_is_refused(tmp_path):
    put(tmp_path, "1.10.5")
    with pytest.raises(VpcacheError, match=r"is Terraform 1\.10\.5: install 1\.11"):
        find_terraform({"PATH": str(tmp_path), "HOME": str(tmp_path)})


def test_what_is_no_terraform_is_refused(tmp_path):
    (tmp_path / "terraform").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "terraform").chmod(0o755)
    with pytest.raises(VpcacheError, match="does not tell its version"):
        find_terraform({"PATH": str(tmp_path), "HOME": str(tmp_path)})


@pytest.mark.parametrize("on_path", [None, "1.10.5"])
def test_the_fetched_one_stands_in_for_one_that_is_missing_or_old(tmp_path, on_path):
    environ = {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    fetched = put(fetched_terraform(environ).parent, PINNED.version)
    if on_path:
        put(tmp_path / "bin", on_path)
    assert find_terraform(environ) == fetched


def test_one_on_path_that_is_new_enough_comes_first(tmp_path):
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    put(fetched_terraform(environ).parent, PINNED.version)
    newer = put(tmp_path / "bin", "1.12.0")
    assert find_terraform(environ) == newer


@pytest.fixture
def bare(tmp_path):
    return CleanMachine(tmp_path)


def test_without_a_terminal_and_a_word_nothing_is_fetched(bare):
    done = bare.offer(VPCACHE_TERRAFORM_SERVER="http://127.0.0.1:1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not bare.cache.exists()


def test_the_variable_fetches_and_a_failure_is_one_line(bare):
    server = f"http://127.0.0.1:{free_port()}"
    done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="1", VPCACHE_TERRAFORM_SERVER=server)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == f"inv: fetching Terraform {PINNED.version} from {server}"
    assert second.startswith(
        f"inv: {server}/terraform/{PINNED.version}/terraform_{PINNED.version}_SHA256SUMS"
    )
    assert "Connection refused" in second


def test_a_forged_pinned_release_is_refused(bare):
    """The whole way, with the checksums of the source: the zip of another is no Terraform 1.11.4."""
    name = f"terraform_{PINNED.version}_{this_platform()}.zip"
    files = {f"terraform_{PINNED.version}_SHA256SUMS": f"{CHECKSUM}  {name}\n".encode(), name: ARCHIVE}
    with serving(files) as server:
        done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="1", VPCACHE_TERRAFORM_SERVER=server)
    assert done.returncode == 1
    assert f"but HashiCorp published {PINNED.checksums[this_platform()]}" in done.stderr
    assert list(fetched_terraform(bare.environment).parent.iterdir()) == []


def test_another_word_in_the_variable_is_refused(bare):
    done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="yes")
    assert done.returncode == 1
    assert done.stderr.startswith("inv: VPCACHE_DOWNLOAD_TERRAFORM is 'yes': write 1 to fetch")


def test_a_terminal_is_asked_and_no_is_no(bare):
    status, shown = bare.answer("no")
    assert status == 0
    assert f"fetch {PINNED.version} from https://releases.hashicorp.com into {bare.cache}" in shown
    assert "fetching" not in shown


def test_a_terminal_is_asked_and_yes_fetches(bare):
    status, shown = bare.answer("yes", VPCACHE_TERRAFORM_SERVER=f"http://127.0.0.1:{free_port()}")
    assert status == 1
    assert "inv: fetching Terraform" in shown
    assert "Connection refused" in shown


def test_a_terminal_is_not_asked_when_told_not_to(bare):
    assert bare.answer("yes", VPCACHE_DOWNLOAD_TERRAFORM="0") == (0, "yes\n")
