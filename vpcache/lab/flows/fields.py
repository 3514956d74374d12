"""The fields of flow log records, by the version of flow logs that introduced them. Pure.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-fields
"""

from __future__ import annotations

import re

_VERSIONS = {
    2: (
        *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
        *("packets", "bytes", "start", "end", "action", "log-status"),
    ),
    3: ("vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"),
    4: ("region", "az-id", "sublocation-type", "sublocation-id"),
    5: ("pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"),
}
VERSION_OF_FIELD = {field: version for version, fields in _VERSIONS.items() for field in fields}
"""The fields that the lab knows."""
DEFAULT_FIELDS = _VERSIONS[2]
"""The fields of the default format, in its order."""
_FORMAT = re.compile(r"\$\{[a-z0-9-]+\}( \$\{[a-z0-9-]+\})*")


class InvalidFormatError(ValueError):
    """A record format that is not a list of fields, such as "${srcaddr} ${action}"."""


class UnknownFieldsError(ValueError):
    """Fields of a record format that the lab does not know."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))


def fields_of(record_format: str) -> tuple[str, ...]:
    """Return the fields of a record format. Raises InvalidFormatError, UnknownFieldsError."""
    if not _FORMAT.fullmatch(record_format):
        raise InvalidFormatError(record_format)
    fields = tuple(each[2:-1] for each in record_format.split(" "))
    if unknown := tuple(each for each in fields if each not in VERSION_OF_FIELD):
        raise UnknownFieldsError(unknown)
    return fields


def version_of(fields: tuple[str, ...]) -> int:
    """Return what the field `version` of records shows: the highest version among their fields."""
    return max(VERSION_OF_FIELD[each] for each in fields)
