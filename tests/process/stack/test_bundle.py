from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import LAMBDA
from vpcache.bundle import BundleError, bundle

NAMES = st.from_regex(r"[a-z]{1,8}\.py", fullmatch=True)


def write(folder, files, order=list):
    folder.mkdir()
    for name in order(files):
        (folder / name).write_bytes(files[name])
    return folder


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=5))
def test_same_content_gives_same_bytes(tmp_path_factory, contents):
    files = {"handler.py": b"", **contents}
    here, there = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    first = bundle(write(here / "fn", files), here / "work")
    umask = os.umask(0o077)
    try:
        other = write(there / "fn", files, order=lambda names: sorted(names, reverse=True))
        os.utime(other / "handler.py", (0, 0))
        second = bundle(other, there / "work")
    finally:
        os.umask(umask)
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.path.name == second.path.name


def test_changed_content_changes_the_hash(tmp_path):
    first = bundle(write(tmp_path / "fn", {"handler.py": b"a"}), tmp_path / "work")
    (tmp_path / "fn" / "handler.py").write_bytes(b"b")
    assert bundle(tmp_path / "fn", tmp_path / "work").sha256 != first.sha256


def test_bundle_hash_is_base64_sha256(tmp_path):
    zipped = bundle(write(tmp_path / "fn", {"handler.py": b"a"}), tmp_path / "work")
    assert zipped.sha256 == base64.b64encode(hashlib.sha256(zipped.path.read_bytes()).digest()).decode()


def test_machine_specific_files_are_excluded(tmp_path):
    source = write(tmp_path / "fn", {"handler.py": b"", "stale.pyc": b"x"})
    write(source / "__pycache__", {"handler.cpython-311.pyc": b"x"})
    zipped = bundle(source, tmp_path / "work")
    assert zipfile.ZipFile(zipped.path).namelist() == ["handler.py"]


def test_folder_without_handler_is_rejected(tmp_path):
    with pytest.raises(BundleError, match=r"has no handler\.py"):
        bundle(write(tmp_path / "fn", {"other.py": b""}), tmp_path / "work")


def test_link_out_of_the_folder_is_rejected(tmp_path):
    source = write(tmp_path / "fn", {"handler.py": b""})
    (source / "secret").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="points outside"):
        bundle(source, tmp_path / "work")


def test_pip_failure_is_one_line(tmp_path):
    source = write(tmp_path / "fn", {"handler.py": b"", "requirements.txt": b"not a requirement\n"})
    with pytest.raises(BundleError, match=r"requirements\.txt: pip failed: ERROR"):
        bundle(source, tmp_path / "work")
    assert not [path for path in (tmp_path / "work").iterdir() if path.is_dir()]


def test_unused_dependencies_are_excluded(tmp_path, monkeypatch):
    wheel = tmp_path / "dep-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("dep/__init__.py", "dep/used.py", "dep/big/data.py", "dep/bigger.py"):
            archive.writestr(name, "")
        archive.writestr("dep-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: dep\nVersion: 1\n")
        archive.writestr("dep-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("dep-1.dist-info/RECORD", "")
    pin = f"dep==1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    files = {"handler.py": b"", "requirements.txt": pin.encode(), "unused.txt": b"dep/big\n"}
    zipped = bundle(write(tmp_path / "fn", files), tmp_path / "work")
    names = ["dep/__init__.py", "dep/bigger.py", "dep/used.py", "handler.py"]
    assert zipfile.ZipFile(zipped.path).namelist() == names
    (tmp_path / "fn" / "unused.txt").write_text("dep/big\ndep/gone\n")
    with pytest.raises(BundleError, match=r"unused\.txt lists dep/gone, which no dependency contains"):
        bundle(tmp_path / "fn", tmp_path / "work")


def test_cached_api_is_small_and_self_contained(tmp_path):
    zipped = bundle(LAMBDA / "cached_api", tmp_path / "work")
    assert zipped.path.stat().st_size <= 2_000_000
    program = (
        f"import sys; sys.path.insert(0, {str(zipped.path)!r}); import handler, fetcher, front_door.service"
    )
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], check=True)


def test_bundle_path_is_the_same_in_every_clone(tmp_path):
    variables = []
    for clone in ("here", "else/where"):
        root = tmp_path / clone
        (root / "lambda").mkdir(parents=True)
        (root / "envs/dev").mkdir(parents=True)
        zipped = bundle(write(root / "lambda/fn", {"handler.py": b"x = 1\n"}), root / ".vpcache/bundles")
        variables.append(zipped.as_variable(root / "envs/dev"))
    assert variables[0] == variables[1]
    assert (tmp_path / "here/envs/dev" / variables[0]["path"]).resolve().is_file()
