"""The layers of one account in one region, with their versions and the policies of those.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound

from vpcache.lab.aws.awslambda.errors import ResourceNotFoundError
from vpcache.lab.aws.awslambda.layers.names import LayerName
from vpcache.lab.aws.awslambda.layers.policy import LayerPolicy
from vpcache.lab.functions.archive import unzipped_size
from vpcache.lab.functions.spec import LayerCode

_OPTIONAL = ("CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
"""Members of a description that are absent unless the request had them."""


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """A version of a layer, which never changes."""

    layer: LayerName
    number: int
    code: LayerCode
    details: Mapping[str, Any]  # parameters of PublishLayerVersion
    created: str = field(
        default_factory=lambda: f"{datetime.now(UTC).isoformat(timespec='milliseconds')[:-6]}+0000"
    )
    key: str = field(default_factory=lambda: str(uuid.uuid4()))  # of the archive in S3

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return f"{self.layer.arn}:{self.number}"

    @property
    def unzipped_size(self) -> int:
        """The size of the extracted files in bytes."""
        return unzipped_size(self.code.code)

    def reference(self) -> dict[str, Any]:
        """Return the version as the configuration of a function shows it."""
        return {"Arn": self.arn, "CodeSize": len(self.code.code)}

    def listed(self) -> dict[str, Any]:
        """Return the version as lists show it."""
        return {
            "LayerVersionArn": self.arn,
            "Version": self.number,
            "Description": self.details.get("Description") or "",
            "CreatedDate": self.created,
            **{name: self.details[name] for name in _OPTIONAL if self.details.get(name) is not None},
        }

    def described(self, location: str) -> dict[str, Any]:
        """Return the version with its content, which can be downloaded from `location`."""
        content = {
            "Location": location,
            "CodeSha256": self.code.sha256,
            "CodeSize": len(self.code.code),
        }
        return {"Content": content, "LayerArn": self.layer.arn, **self.listed()}

    def is_compatible(self, runtime: str | None, architecture: str | None) -> bool:
        """Return whether the version names a runtime and an architecture, as far as they are given."""
        wanted = (("CompatibleRuntimes", runtime), ("CompatibleArchitectures", architecture))
        return all(value in (self.details.get(name) or ()) for name, value in wanted if value)


@dataclass(slots=True)
class _Layer:
    versions: dict[int, LayerVersion] = field(default_factory=dict)  # oldest first
    policies: dict[int, LayerPolicy] = field(default_factory=dict)
    last_number: int = 0  # of all versions ever published


class LayerStore:
    """The layers of one account in one region, for several threads."""

    def __init__(self) -> None:
        self._layers: dict[str, _Layer] = {}
        self._lock = threading.Lock()

    def publish(self, layer: LayerName, code: bytes, details: Mapping[str, Any]) -> LayerVersion:
        """Publish the checked archive `code` as the next version of a layer."""
        sha256 = base64.b64encode(hashlib.sha256(code).digest()).decode()
        with self._lock:
            stored = self._layers.setdefault(layer.name, _Layer())
            stored.last_number += 1
            version = LayerVersion(layer, stored.last_number, LayerCode(sha256, code), details)
            stored.versions = {**stored.versions, version.number: version}
        return version

    def find(self, name: str, number: int) -> LayerVersion | None:
        """Return a version, None if it does not exist."""
        layer = self._layers.get(name)
        return layer.versions.get(number) if layer else None

    def get(self, name: str, number: int) -> LayerVersion:
        """Return a version. Raises ResourceNotFoundException."""
        version = self.find(name, number)
        if not version:
            raise GenericResourcNotFound()
        return version

    def delete(self, name: str, number: int) -> None:
        """Delete a version, if it exists; functions that use it keep it."""
        with self._lock:
            if layer := self._layers.get(name):
                layer.versions = {key: each for key, each in layer.versions.items() if key != number}
                layer.policies.pop(number, None)

    def versions(self, name: str) -> list[LayerVersion]:
        """Return the versions of a layer, the newest first; none of an unknown layer."""
        layer = self._layers.get(name)
        return list(layer.versions.values())[::-1] if layer else []

    def names(self) -> list[str]:
        """Return the names of all layers, also of those without versions, sorted."""
        return sorted(dict(self._layers))

    def policy(self, layer: LayerName, number: int) -> LayerPolicy:
        """Return the policy of a version. Raises ResourceNotFoundError if the version does not exist."""
        if not self.find(layer.name, number):
            raise ResourceNotFoundError(f"Layer version {layer.arn}:{number} does not exist.")
        return self._layers[layer.name].policies.setdefault(number, LayerPolicy())

    def all_versions(self) -> Iterable[LayerVersion]:
        """Return the versions of all layers."""
        return [version for name in self.names() for version in self.versions(name)]
