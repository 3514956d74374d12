from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from tests.support.calls.model_requests import ModelRequest, leaf_paths, model_of, protocols_of, value_at
from vpcache.lab.aws.gateway.app import DECLARATIONS
from vpcache.lab.aws.gateway.honoured import unhonoured

OF_THE_GATEWAY = {"Bucket", "DryRun", "ExpectedBucketOwner", "Key", "RequestPayer"}

PROTOCOLS = [(service, protocol) for service in DECLARATIONS for protocol in protocols_of(service)]
SAME_ADDRESS = {"ListDirectoryBuckets"}
"""Operations of S3 whose requests only the host distinguishes from those of others; old ones are such too."""


def refusals(service: str, operation: str, protocol: str) -> Iterator[tuple[str, str | None]]:
    """Yield each parameter of an operation with the reason for which a request with it is refused."""
    model = model_of(service).operation_model(operation)
    for path in leaf_paths(model.input_shape):
        request = ModelRequest(service, model, value_at(model.input_shape, path), protocol)
        yield ".".join(path), unhonoured(*request.call(), DECLARATIONS[service])


def is_declared(path: str, declared: Collection[str]) -> bool:
    """Return whether a parameter is honoured, at least for some of its values."""
    parents = {path.rsplit(".", depth)[0] for depth in range(path.count(".") + 1)}
    return bool(parents & {each.partition("=")[0] for each in declared} | parents & OF_THE_GATEWAY)


@pytest.mark.parametrize(("service", "protocol"), PROTOCOLS)
def test_operation_without_declaration_is_refused_by_name(service: str, protocol: str) -> None:
    undeclared = set(model_of(service).operation_names) - set(DECLARATIONS[service])
    answered = []
    for name in sorted(undeclared):
        request = ModelRequest(service, model_of(service).operation_model(name), {}, protocol)
        if service == "s3" and (request.operation.deprecated or name in SAME_ADDRESS):
            continue
        if unhonoured(*request.call(), DECLARATIONS[service]) is None:
            answered.append(name)

    assert undeclared
    assert answered == []


@pytest.mark.parametrize(("service", "protocol"), PROTOCOLS)
def test_parameter_without_declaration_is_refused_by_name(service: str, protocol: str) -> None:
    silent: list[str] = []
    refused: list[str] = []
    for operation, declared in DECLARATIONS[service].items():
        for path, reason in refusals(service, operation, protocol):
            if is_declared(path, declared):
                continue
            is_named = (reason or "").startswith(f"The parameter {path.rpartition('.')[0] or path}")
            (refused if is_named else silent).append(f"{operation}.{path}: {reason}")

    assert refused
    assert silent == []


@pytest.mark.parametrize("service", DECLARATIONS)
def test_declared_operations_are_in_the_model(service: str) -> None:
    assert set(DECLARATIONS[service]) <= set(model_of(service).operation_names)
