"""Snapshots of a served region's model, and what the API answers about it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from tests.support.served.region import Region, serve
from vpcache.lab.aws.gateway.app import ControlPlane
from vpcache.lab.snapshots.model import dump, load
from vpcache.lab.snapshots.parts import Parts
from vpcache.lab.snapshots.pickles import Reader

SERVICES = (
    "apigatewayv2",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "elasticache",
    "events",
    "iam",
    "lambda",
    "logs",
    "s3",
    "sns",
    "sqs",
    "ssm",
)
_READS = ("describe_", "get_", "list_")
_OF_THE_PROCESS = ("get_user", "list_policies")
"""They show when the process started, and the IDs that moto gave to AWS's policies then."""


def forget_services_of_moto() -> None:
    """Delete the resources of all services that no control plane has made its own, in this process."""
    for backends in list(BackendDict._instances):
        if isinstance(backends.backend, type):
            backends.clear()


def parts_of(region: Region) -> Parts:
    """Return the parts of a region's control plane."""
    assert isinstance(region.api, ControlPlane)
    return Parts(region.api.changes, region.api.install)


def model_of(region: Region) -> bytes:
    """Return a region's model."""
    model, _ = dump(parts_of(region))
    return model


def check_can_be_saved(region: Region) -> None:
    """Write and read the model of a region. Raises SnapshotError."""
    Reader(io.BytesIO(model_of(region)), parts_of(region).part).load()


def answers(region: Region, regions: tuple[str, ...] = ("us-east-1", "eu-west-1")) -> dict[str, str]:
    """Return what every operation answers that reads and requires no parameters, by service and region."""
    return {
        f"{name} {service} {method}": answer.replace(region.url, "http://lab")
        for name in regions
        for service in SERVICES
        for method, answer in _answers_of(region.client(service, name))
    }


def _answers_of(client: Any) -> Iterator[tuple[str, str]]:
    for method, operation in sorted(client.meta.method_to_api_mapping.items()):
        shape = client.meta.service_model.operation_model(operation).input_shape
        if (
            method.startswith(_READS)
            and method not in _OF_THE_PROCESS
            and not (shape and shape.required_members)
        ):
            try:
                answer = getattr(client, method)()
            except ClientError as error:
                yield method, error.response["Error"]["Code"]
            else:
                del answer["ResponseMetadata"]
                yield method, json.dumps(answer, default=_text, sort_keys=True)


def _text(value: Any) -> str:
    return value.read().hex() if hasattr(value, "read") else str(value)


if __name__ == "__main__":
    with serve() as served:
        load(parts_of(served), Path(sys.argv[1]).read_bytes())()
        Path(sys.argv[2]).write_text(json.dumps(answers(served)))
