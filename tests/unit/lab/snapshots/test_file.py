from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from vpcache.lab.snapshots import file
from vpcache.lab.snapshots.file import (
    Snapshot,
    SnapshotError,
    Versions,
    read_snapshot,
    replace_file,
    unpacked,
)

SNAPSHOT = Snapshot(b"the model" * 1000, {"settings": {"vpcs": 7}, "faults": [], "origins": []})
REMEDY = "do this"


def test_unpacked_snapshot_is_the_packed_one():
    assert unpacked(SNAPSHOT.packed(), "f", REMEDY) == SNAPSHOT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Terraform state",
        SNAPSHOT.packed()[:-1],
        SNAPSHOT.packed()[: len(SNAPSHOT.packed()) // 2],
        b"\0" * 100,
    ],
    ids=["empty", "text", "last byte missing", "half", "zeros"],
)
def test_part_of_a_file_or_another_file_is_refused(content):
    with pytest.raises(SnapshotError, match=r"^f is no snapshot of a lab, or only a part of one: do this$"):
        unpacked(content, "f", REMEDY)


def test_other_zip_archive_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", "")
    with pytest.raises(SnapshotError, match=r"no snapshot of a lab"):
        unpacked(content.getvalue(), "f", REMEDY)


@pytest.mark.parametrize("field", ["vpcache", "moto", "python", "sources"])
def test_other_version_is_refused_with_both_versions(field, monkeypatch):
    content = SNAPSHOT.packed()
    current = replace(Versions.current(), **{field: "9.9"})
    monkeypatch.setattr(file.Versions, "current", lambda: current)

    with pytest.raises(SnapshotError) as error:
        unpacked(content, "f", REMEDY)

    assert "\n" not in str(error.value)
    assert str(error.value).startswith("f was written by vpcache ")
    assert current.label in str(error.value)
    assert str(error.value).endswith(": do this")


def test_changed_model_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SNAPSHOT.packed())) as source, zipfile.ZipFile(content, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name).replace(b"the model", b"our model"))
    with pytest.raises(SnapshotError, match=r"^f was changed after it was written"):
        unpacked(content.getvalue(), "f", REMEDY)


@pytest.mark.parametrize("position", range(0, len(SNAPSHOT.packed()), 7))
def test_damaged_byte_is_refused_or_has_no_effect(position):
    content = bytearray(SNAPSHOT.packed())
    content[position] ^= 0xFF
    try:
        read = unpacked(bytes(content), "f", REMEDY)
    except SnapshotError:
        return
    assert (read.model, read.lab) == (SNAPSHOT.model, SNAPSHOT.lab)


def test_manifest_has_the_versions_and_no_secret():
    with zipfile.ZipFile(io.BytesIO(SNAPSHOT.packed())) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["versions"].keys() == {"vpcache", "moto", "python", "sources"}
    assert re.fullmatch(r"[0-9a-f]{12}", manifest["versions"]["sources"])


def test_unreadable_file_is_named(tmp_path):
    with pytest.raises(
        SnapshotError, match=r"missing\.snapshot cannot be read \(No such file or directory\)"
    ):
        read_snapshot(tmp_path / "missing.snapshot")


def test_replaced_file_is_readable_by_its_owner_only(tmp_path: Path):
    target = tmp_path / "lab.snapshot"
    target.write_bytes(b"before")

    replace_file(target, b"after")

    assert target.read_bytes() == b"after"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["lab.snapshot"]
