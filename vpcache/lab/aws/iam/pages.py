"""Pages of IAM's lists, for the operations whose parameters moto ignores.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from moto.iam.exceptions import ValidationError

PAGED = {
    "GetGroup": "Users",
    "ListAccessKeys": "AccessKeyMetadata",
    "ListAccountAliases": "AccountAliases",
    "ListGroupPolicies": "PolicyNames",
    "ListGroups": "Groups",
    "ListGroupsForUser": "Groups",
    "ListInstanceProfiles": "InstanceProfiles",
    "ListInstanceProfilesForRole": "InstanceProfiles",
    "ListMFADevices": "MFADevices",
    "ListPolicyVersions": "Versions",
    "ListRolePolicies": "PolicyNames",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListSigningCertificates": "Certificates",
    "ListUserPolicies": "PolicyNames",
    "ListUserTags": "Tags",
    "ListUsers": "Users",
}
"""By operation: the list in its response."""
BY_PATH = frozenset({"ListGroups", "ListInstanceProfiles"})
"""Operations whose path prefix moto ignores."""
_MAX_ITEMS = 100  # unless a request has another maximum


def page(
    operation: str,
    result: Mapping[str, Any],
    path_prefix: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """Return one page of a whole response. Raises ValidationError for a marker that no response contained."""
    name = PAGED.get(operation)
    if name is None:
        return dict(result)
    values = list(result[name] or ())
    if path_prefix and operation in BY_PATH:
        values = [each for each in values if str(each.path or "/").startswith(path_prefix)]
    first = 0 if marker is None else _position(operation, marker)
    end = first + (max_items or _MAX_ITEMS)
    answer = {**result, name: values[first:end], "IsTruncated": end < len(values)}
    if end < len(values):
        answer["Marker"] = _marker(operation, end)
    return answer


def _marker(operation: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{operation} {position}".encode()).decode()


def _position(operation: str, marker: str) -> int:
    try:
        origin, _, position = base64.urlsafe_b64decode(marker).decode().partition(" ")
        if origin == operation:
            return int(position)
    except ValueError:
        pass
    raise ValidationError(f"Invalid Marker: {marker}")
