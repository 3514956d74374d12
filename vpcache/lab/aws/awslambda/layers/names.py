"""Names and ARNs of layers and of their versions.

https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html#API_GetLayerVersion_RequestParameters
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[\w-]+)"
)


@dataclass(frozen=True, slots=True, order=True)
class LayerName:
    """A layer of an account in a region."""

    region: str
    account: str
    name: str

    @property
    def arn(self) -> str:
        """The layer's ARN, without a version."""
        return f"arn:aws:lambda:{self.region}:{self.account}:layer:{self.name}"


def parse_layer(text: str, region: str, account: str) -> LayerName:
    """Return the layer of a name or an ARN; `region` and `account` are those of a name."""
    match = _ARN.fullmatch(text)
    return (
        LayerName(match["region"], match["account"], match["name"])
        if match
        else LayerName(region, account, text)
    )


def parse_version(arn: str) -> tuple[LayerName, int]:
    """Return the layer and the number of a version's ARN. Raises NotImplementedError for AWS's own layers."""
    layer, _, number = arn.rpartition(":")
    match = _ARN.fullmatch(layer)
    if not match:
        raise NotImplementedError(f"The layer {arn} is AWS's own: the lab has no such layers.")
    return LayerName(match["region"], match["account"], match["name"]), int(number)
