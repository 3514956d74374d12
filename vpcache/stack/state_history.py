"""Which resources a state knows, by `terraform show -json` and in the state's earlier versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.resource_types import pages
from vpcache.stack.state import StateLocation, s3_client
from vpcache.stack.target import Target
from vpcache.terraform.resources import resources

_FORMAT = 4  # of state files since Terraform 0.12

Names = frozenset[tuple[str, str]]
"""Terraform types with ids."""


@dataclass(frozen=True)
class Version:
    """A version of a state: when it was written, and which resources it knows."""

    written: datetime
    names: Names


def shown_names(document: Mapping[str, Any] | None) -> Names:
    """Return the resources in what `terraform show -json` prints of a state; none if there is no state."""
    if document is None:
        return frozenset()
    return frozenset((each.type, each.id) for each in resources(document).all if not each.is_data)


def written_names(text: str) -> Names:
    """Return the resources in a state as it is written. Raises VpcacheError if its format is unknown.

    `terraform show -json` is the interface to a state, but takes seconds for each, and an interrupted run
    leaves dozens of versions.
    """
    if not text:
        return frozenset()
    try:
        document = json.loads(text)
        version = document.get("version")
    except (ValueError, AttributeError) as error:
        raise VpcacheError(f"not a state of Terraform ({error})") from error
    if version != _FORMAT:
        raise VpcacheError(f"the state has format {version}, not {_FORMAT}: update vpcache")
    return frozenset(
        (resource["type"], str(id))
        for resource in document["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
        if (id := (instance.get("attributes") or {}).get("id"))
    )


def versions_since(target: Target, location: StateLocation, since: datetime) -> list[Version]:
    """Return the versions of a state that were written since then, and the last one before."""
    s3 = s3_client(target)
    listed = [
        each
        for each in pages(
            s3,
            "list_object_versions",
            "Versions",
            Bucket=location.bucket,
            ExpectedBucketOwner=location.account,
            Prefix=location.key,
        )
        if each["Key"] == location.key
    ]
    later = [each for each in listed if each["LastModified"] >= since]
    earlier = [each for each in listed if each["LastModified"] < since]
    if earlier:
        later.append(max(earlier, key=lambda each: each["LastModified"]))
    return [
        Version(each["LastModified"], written_names(_read(s3, location, each["VersionId"]))) for each in later
    ]


def _read(s3: Any, location: StateLocation, version: str) -> str:
    body: bytes = s3.get_object(**location.request(), VersionId=version)["Body"].read()
    return body.decode()
