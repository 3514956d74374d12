"""Keys and contents of flow log files in S3."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

from vpcache.lab.aws.flow_logs.log_files import Partitions, content_of, key_of

END = datetime(2018, 6, 20, 16, 20, tzinfo=UTC)
PLAIN = Partitions("123456789012", "us-east-1")
NAME = "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_"


def test_key_has_the_documented_folders() -> None:
    folders = {
        PLAIN: "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/",
        replace(
            PLAIN, prefix="a/", is_hourly=True
        ): "a/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/16/",
        replace(PLAIN, is_hive_compatible=True): (
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/"
            "year=2018/month=06/day=20/"
        ),
    }
    for partitions, folder in folders.items():
        key = key_of("fl-1234abcd", partitions, END, b"content")
        assert key.startswith(folder + NAME)
        assert key.endswith(".log.gz") and len(key) == len(folder + NAME) + 8 + len(".log.gz")


def test_files_of_one_minute_have_different_keys() -> None:
    assert key_of("fl-1", PLAIN, END, b"one") != key_of("fl-1", PLAIN, END, b"two")


def test_file_begins_with_the_names_of_the_fields() -> None:
    content = content_of(("srcaddr", "action"), ["10.0.0.5 ACCEPT", "- -"])

    assert gzip.decompress(content) == b"srcaddr action\n10.0.0.5 ACCEPT\n- -\n"
