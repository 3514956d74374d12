"""The files of flow logs in S3. Pure.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Partitions:
    """How the keys of a flow log's files are formed: `prefix` is that of its destination, "" or "folder/"."""

    account: str
    region: str
    prefix: str = ""
    is_hive_compatible: bool = False
    is_hourly: bool = False


def key_of(flow_log_id: str, partitions: Partitions, end: datetime, content: bytes) -> str:
    """Return the key of a file with records until `end`, in UTC; a digest of its content makes it unique."""
    account, region = partitions.account, partitions.region
    values = {
        "aws-account-id": account,
        "aws-service": "vpcflowlogs",
        "aws-region": region,
        "year": f"{end:%Y}",
        "month": f"{end:%m}",
        "day": f"{end:%d}",
        **({"hour": f"{end:%H}"} if partitions.is_hourly else {}),
    }
    names = [f"{name}={value}" if partitions.is_hive_compatible else value for name, value in values.items()]
    digest = hashlib.sha256(flow_log_id.encode() + content).hexdigest()[:8]
    name = f"{account}_vpcflowlogs_{region}_{flow_log_id}_{end:%Y%m%dT%H%MZ}_{digest}.log.gz"
    return f"{partitions.prefix}AWSLogs/{'/'.join(names)}/{name}"


def content_of(fields: Iterable[str], records: Iterable[str]) -> bytes:
    """Return the compressed content of a file: a line with the fields' names, and one for each record."""
    return gzip.compress("".join(f"{line}\n" for line in (" ".join(fields), *records)).encode())
