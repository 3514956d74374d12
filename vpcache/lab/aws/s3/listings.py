"""The encoding of keys in lists, which lets XML have all characters of keys.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html#API_ListObjectVersions_RequestSyntax
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from vpcache.lab.aws.s3.errors import invalid_argument

_MEMBERS: Mapping[str, frozenset[str]] = {
    "ListObjects": frozenset({"Delimiter", "NextMarker", "Prefix"}),
    "ListObjectsV2": frozenset({"Delimiter", "StartAfter"}),
    "ListObjectVersions": frozenset({"Delimiter", "KeyMarker", "NextKeyMarker", "Prefix"}),
}
"""The encoded members by operation, but for those that moto encodes itself."""
_ENTRIES: Mapping[str, Mapping[str, str]] = {
    "ListObjects": {"CommonPrefixes": "Prefix"},
    "ListObjectVersions": {"CommonPrefixes": "Prefix", "DeleteMarkers": "Key", "Versions": "Key"},
}
"""The encoded member of each entry of a list, by operation and list."""


def check_encoding_type(encoding_type: str | None) -> None:
    """Raise AWS's error for an encoding type other than `url`."""
    if encoding_type not in (None, "url"):
        message = "Invalid Encoding Method specified in Request"
        raise invalid_argument(message, "encoding-type", encoding_type or "")


def encode_keys(operation: str, result: dict[str, Any], encoding_type: str | None) -> None:
    """Encode the keys in the result of an operation that lists objects, if the request wants that."""
    if encoding_type != "url" or operation not in _MEMBERS:
        return
    result["EncodingType"] = encoding_type
    for name in _MEMBERS[operation] & result.keys():
        result[name] = quote(result[name] or "")
    for list_name, member in _ENTRIES.get(operation, {}).items():
        for entry in result.get(list_name, ()):
            entry[member] = quote(entry[member])
