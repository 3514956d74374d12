"""The download of Terraform from a local server: valid, invalid, truncated, missing and unreachable files."""

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
    """Serve the files of one release. The Content-Length of the zip is `cut` bytes too large."""

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


def rejection(server: str, target: Path, release: Release = RELEASE) -> str:
    """Return the error of a download, which must not leave any file."""
    with pytest.raises(VpcacheError) as error:
        fetch(release, target, server=server, on_platform="linux_amd64")
    assert list(target.parent.iterdir()) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_verified_release_is_installed(target):
    with serving({LIST: listing(), ZIP: ARCHIVE}) as server:
        fetch(RELEASE, target, server=f"{server}/", on_platform="linux_amd64")
    assert list(target.parent.iterdir()) == [target]
    assert target.read_text() == program(VERSION)
    assert os.access(target, os.X_OK)


def test_zip_with_another_listed_checksum_is_rejected(target):
    with serving({LIST: listing("f" * 64), ZIP: ARCHIVE}) as server:
        assert f"has SHA-256 {CHECKSUM}, but its server lists {'f' * 64}" in rejection(server, target)


def test_unlisted_zip_is_rejected(target):
    with serving({LIST: b"", ZIP: ARCHIVE}) as server:
        assert "its server lists none" in rejection(server, target)


def test_forged_zip_with_matching_list_is_rejected(target):
    forged = zipped("#!/bin/sh\necho mine\n")
    checksum = hashlib.sha256(forged).hexdigest()
    with serving({LIST: listing(checksum), ZIP: forged}) as server:
        assert f"has SHA-256 {checksum}, but HashiCorp published {CHECKSUM}" in rejection(server, target)


def test_truncated_download_is_rejected(target):
    with serving({LIST: listing(), ZIP: ARCHIVE}, cut=1000) as server:
        line = rejection(server, target)
    assert f"/{ZIP}: " in line
    assert "1000 more expected" in line


@pytest.mark.parametrize("files", [{}, {LIST: listing()}], ids=["neither", "only the list"])
def test_missing_file_on_the_server_is_named(target, files):
    with serving(files) as server:
        line = rejection(server, target)
    assert f"{ZIP if files else LIST} returned 404 Not Found: check VPCACHE_TERRAFORM_SERVER" in line


def test_unreachable_server_is_reported(target):
    line = rejection(f"http://127.0.0.1:{free_port()}", target)
    assert "Connection refused; try again" in line


def test_program_that_does_not_run_is_not_installed(target):
    other = zipped("not a program\n")
    checksum = hashlib.sha256(other).hexdigest()
    with serving({LIST: listing(checksum), ZIP: other}) as server:
        line = rejection(server, target, Release(VERSION, {"linux_amd64": checksum}))
    assert "does not print its version" in line


def test_failed_download_keeps_the_installed_program(target):
    put(target.parent, "1.98.0")
    with serving({LIST: listing(), ZIP: ARCHIVE}, cut=1) as server, pytest.raises(VpcacheError):
        fetch(RELEASE, target, server=server, on_platform="linux_amd64")
    assert target.read_text() == program("1.98.0")


def test_platform_without_checksum_is_rejected(target):
    with pytest.raises(VpcacheError, match=r"no checksum of Terraform 1\.99\.0 is known for plan9_mips"):
        fetch(RELEASE, target, on_platform="plan9_mips")


def test_unwritable_cache_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VpcacheError, match=r"cannot install Terraform at .*/file/terraform: "):
        fetch(RELEASE, tmp_path / "file" / "terraform", on_platform="linux_amd64")


def test_this_machine_has_a_checksum():
    assert len(PINNED.checksums[this_platform()]) == 64


def test_missing_terraform_names_the_remedy(tmp_path):
    with pytest.raises(
        VpcacheError, match=r"terraform is not on PATH: install Terraform 1\.11 .*download .* with `VPCACHE"
    ):
        find_terraform({"PATH": "/nonexistent", "HOME": str(tmp_path)})


def test_old_terraform_is_rejected(tmp_path):
    put(tmp_path, "1.10.5")
    with pytest.raises(VpcacheError, match=r"is Terraform 1\.10\.5: install 1\.11"):
        find_terraform({"PATH": str(tmp_path), "HOME": str(tmp_path)})


def test_another_program_named_terraform_is_rejected(tmp_path):
    (tmp_path / "terraform").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "terraform").chmod(0o755)
    with pytest.raises(VpcacheError, match="does not print its version"):
        find_terraform({"PATH": str(tmp_path), "HOME": str(tmp_path)})


@pytest.mark.parametrize("on_path", [None, "1.10.5"])
def test_downloaded_terraform_replaces_a_missing_or_old_one(tmp_path, on_path):
    environ = {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    fetched = put(fetched_terraform(environ).parent, PINNED.version)
    if on_path:
        put(tmp_path / "bin", on_path)
    assert find_terraform(environ) == fetched


def test_terraform_on_path_is_preferred(tmp_path):
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    put(fetched_terraform(environ).parent, PINNED.version)
    newer = put(tmp_path / "bin", "1.12.0")
    assert find_terraform(environ) == newer


@pytest.fixture
def bare(tmp_path):
    return CleanMachine(tmp_path)


def test_without_terminal_nothing_is_downloaded(bare):
    done = bare.offer(VPCACHE_TERRAFORM_SERVER="http://127.0.0.1:1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not bare.cache.exists()


def test_variable_starts_the_download(bare):
    server = f"http://127.0.0.1:{free_port()}"
    done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="1", VPCACHE_TERRAFORM_SERVER=server)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == f"inv: downloading Terraform {PINNED.version} from {server}"
    assert second.startswith(
        f"inv: cannot download {server}/terraform/{PINNED.version}/terraform_{PINNED.version}_SHA256SUMS"
    )
    assert "Connection refused" in second


def test_forged_pinned_release_is_rejected(bare):
    """End to end, with the checksums in the source: another zip is not Terraform 1.11.4."""
    name = f"terraform_{PINNED.version}_{this_platform()}.zip"
    files = {f"terraform_{PINNED.version}_SHA256SUMS": f"{CHECKSUM}  {name}\n".encode(), name: ARCHIVE}
    with serving(files) as server:
        done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="1", VPCACHE_TERRAFORM_SERVER=server)
    assert done.returncode == 1
    assert f"but HashiCorp published {PINNED.checksums[this_platform()]}" in done.stderr
    assert list(fetched_terraform(bare.environment).parent.iterdir()) == []


def test_invalid_variable_is_rejected(bare):
    done = bare.offer(VPCACHE_DOWNLOAD_TERRAFORM="yes")
    assert done.returncode == 1
    assert done.stderr.startswith("inv: VPCACHE_DOWNLOAD_TERRAFORM is 'yes': set 1 to download")


def test_answer_no_downloads_nothing(bare):
    status, output = bare.answer("no")
    assert status == 0
    assert f"download {PINNED.version} from https://releases.hashicorp.com to {bare.cache}" in output
    assert "downloading" not in output


def test_answer_yes_starts_the_download(bare):
    status, output = bare.answer("yes", VPCACHE_TERRAFORM_SERVER=f"http://127.0.0.1:{free_port()}")
    assert status == 1
    assert "inv: downloading Terraform" in output
    assert "Connection refused" in output


def test_variable_disables_the_question(bare):
    assert bare.answer("yes", VPCACHE_DOWNLOAD_TERRAFORM="0") == (0, "yes\n")
