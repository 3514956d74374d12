"""The content of a state, from the state itself, its earlier versions and `terraform show -json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
"""Terraform types with IDs."""


@dataclass(frozen=True)
class Version:
    """A version of a state: the time of its write, and the resources in it."""

    written: datetime
    names: Names


def shown_names(document: Mapping[str, Any] | None) -> Names:
    """Return the managed resources in the output of `terraform show -json`; `document` None has none."""
    if document is None:
        return frozenset()
    return frozenset((item.type, item.id) for item in resources(document).all if not item.is_data)


def written_names(text: str) -> Names:
    """Return the managed resources in the content of a state. Raises VpcacheError for an unknown format.

    `terraform show -json` is the documented interface to a state. It takes seconds for each version, as it
    starts the provider, and an interrupted run leaves dozens of versions.
    """
    return frozenset(
        (type, str(attributes["id"])) for type, attributes in written_resources(text) if attributes.get("id")
    )


def written_resources(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield Terraform type and attributes of each managed resource in the content of a state.

    Raises VpcacheError for an unknown format.
    """
    for resource in _document(text).get("resources", ()):
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance.get("attributes") or {}


def written_outputs(text: str) -> dict[str, Any]:
    """Return the root module's outputs in the content of a state. Raises VpcacheError for an unknown format.

    They are what `terraform output -json` prints, without a start of Terraform.
    https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go
    """
    return {name: output["value"] for name, output in _document(text).get("outputs", {}).items()}


def has_resources(text: str) -> bool:
    """Return whether the content of a state has resources. Raises VpcacheError for an unknown format."""
    return bool(_document(text).get("resources"))


def _document(text: str) -> Mapping[str, Any]:
    """Return the parsed content of a state, empty if there is none."""
    if not text:
        return {}
    try:
        document: Mapping[str, Any] = json.loads(text)
        version = document.get("version")
    except (ValueError, AttributeError) as error:
        raise VpcacheError(f"the state is not valid JSON of Terraform ({error})") from error
    if version != _FORMAT:
        raise VpcacheError(f"the state has format {version}, not {_FORMAT}: update vpcache")
    return document


def versions_since(target: Target, location: StateLocation, since: datetime) -> list[Version]:
    """Return the versions of a state that were written after `since`, and the last one before it."""
    s3 = s3_client(target)
    versions = [
        version
        for version in pages(
            s3,
            "list_object_versions",
            "Versions",
            Bucket=location.bucket,
            ExpectedBucketOwner=location.account,
            Prefix=location.key,
        )
        if version["Key"] == location.key
    ]
    later = [version for version in versions if version["LastModified"] >= since]
    earlier = [version for version in versions if version["LastModified"] < since]
    if earlier:
        later.append(max(earlier, key=lambda version: version["LastModified"]))
    return [
        Version(version["LastModified"], written_names(_read(s3, location, version["VersionId"])))
        for version in later
    ]


def _read(s3: Any, location: StateLocation, version: str) -> str:
    body: bytes = s3.get_object(**location.request(), VersionId=version)["Body"].read()
    return body.decode()
