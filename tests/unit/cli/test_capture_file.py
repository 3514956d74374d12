"""The file of a packet capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.cli.inspect import capture_file
from vpcache.errors import VpcacheError


def test_capture_is_in_the_folder_of_reports(tmp_path: Path) -> None:
    assert capture_file(tmp_path, "vpcache-dev/0001", "") == tmp_path / "reports/vpcache-dev-0001.pcap"
    assert list((tmp_path / "reports").iterdir()) == []


def test_earlier_capture_is_kept_until_the_next_one_begins(tmp_path: Path) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(b"earlier")
    assert capture_file(tmp_path, "internet", str(file)) == file
    assert file.read_bytes() == b"earlier"


def test_folder_is_no_file_of_a_capture(tmp_path: Path) -> None:
    with pytest.raises(VpcacheError, match=r"cannot write .*: Is a directory"):
        capture_file(tmp_path, "internet", str(tmp_path))
