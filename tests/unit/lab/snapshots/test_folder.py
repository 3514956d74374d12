from __future__ import annotations

import pytest

from vpcache.lab.errors import LabError
from vpcache.lab.snapshots import folder
from vpcache.lab.snapshots.folder import StateFolder


def test_folder_is_created_and_empty(tmp_path):
    opened = StateFolder.open(tmp_path / "new" / "folder")
    assert opened.read() is None
    assert opened.path.stat().st_mode & 0o777 == 0o700


def test_written_state_is_read_and_replaced(tmp_path):
    opened = StateFolder.open(tmp_path)
    opened.write(b"first")
    opened.write(b"second")
    assert opened.read() == b"second"
    assert opened.file.read_bytes() == b"second"


def test_write_that_was_interrupted_leaves_the_state_before(tmp_path):
    (tmp_path / "lab.snapshot").write_bytes(b"whole")
    (tmp_path / "lab.snapshot.1234.new").write_bytes(b"ha")  # as after a kill
    opened = StateFolder.open(tmp_path)
    assert opened.read() == b"whole"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lab.lock", "lab.snapshot"]
    opened.write(b"next")
    assert opened.read() == b"next"


def test_second_lab_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_LOCK_SECONDS", 0.0)
    first = StateFolder.open(tmp_path)
    with pytest.raises(
        LabError, match=rf"^folder {tmp_path} keeps the state of another lab, which is running"
    ):
        StateFolder.open(tmp_path)
    assert first.read() is None


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"file cannot keep the lab's state \(File exists\)"):
        StateFolder.open(tmp_path / "file")
