"""EC2 without the data of its instance types."""

from __future__ import annotations

from typing import Any


def skip_instance_types() -> None:
    """Import moto's EC2 without the properties and offerings of instance types.

    They take 54 MB and 0.3 s. No operation reads them: the lab runs no instances, and refuses to describe
    their types.
    """
    from moto.utilities import utils

    load = utils.load_resource

    def load_resource(resource: str) -> Any:
        return {} if resource.startswith("ec2/resources/instance_type") else load(resource)

    utils.load_resource = load_resource
    try:
        import moto.ec2.models.instance_types  # noqa: F401  # it reads them on import
    finally:
        utils.load_resource = load
