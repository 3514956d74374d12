"""Which layers an account may use, and the layers of a function.

https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from moto.awslambda.exceptions import InvalidParameterValueException

from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.awslambda.errors import AccessDeniedError
from vpcache.lab.aws.awslambda.layers.names import LayerName, parse_version
from vpcache.lab.aws.awslambda.layers.store import LayerStore, LayerVersion
from vpcache.lab.aws.awslambda.packages.code import MAX_UNZIPPED
from vpcache.lab.functions.archive import extensions, unzipped_size

_MAX_LAYERS = 5  # of a function: "Lambda quotas"

StoreOf = Callable[[str, str], LayerStore]
"""Returns the layers of an account in a region."""


def check_access(store_of: StoreOf, layer: LayerName, number: int, account: str) -> None:
    """Raise AccessDeniedError unless the policy of another account's version allows `account` to use it."""
    if layer.account == account:
        return
    store = store_of(layer.account, layer.region)
    if not (store.find(layer.name, number) and store.policy(layer, number).allows(account)):
        raise AccessDeniedError(user_arn(account), "lambda:GetLayerVersion", f"{layer.arn}:{number}")


def layers_of_function(
    arns: Sequence[str], store_of: StoreOf, region: str, account: str
) -> tuple[LayerVersion, ...]:
    """Return the versions that a function names, in its order.

    Raises InvalidParameterValueException or AccessDeniedError for those that it cannot use,
    NotImplementedError for layers that are not in the lab and for layers with extensions.
    """
    named = [parse_version(arn) for arn in arns]
    if len(named) > _MAX_LAYERS:
        raise InvalidParameterValueException(f"Cannot reference more than {_MAX_LAYERS} layers.")
    if any(layer.region != region for layer, _ in named):
        raise InvalidParameterValueException(
            "Layers are not in the same region as the function. "
            f"Layers are expected to be in region {region}."
        )
    _check_distinct(arns, [layer for layer, _ in named])
    versions = tuple(_usable(store_of, layer, number, account) for layer, number in named)
    for version in versions:
        if found := extensions(version.code.code):
            raise NotImplementedError(
                f"The extension {found[0]} of the layer {version.arn} is not supported."
            )
    return versions


def check_total_size(code: bytes, versions: Iterable[LayerVersion]) -> None:
    """Raise InvalidParameterValueException if a function and its layers are too large together."""
    layers = sum(each.unzipped_size for each in versions)
    total = layers + unzipped_size(code)
    if layers > MAX_UNZIPPED:
        raise InvalidParameterValueException(
            f"Layers consume more than the available size of {MAX_UNZIPPED} bytes"
        )
    if layers and total > MAX_UNZIPPED:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {MAX_UNZIPPED} bytes. "
            f"The actual size is {total} bytes."
        )


def _check_distinct(arns: Sequence[str], layers: Sequence[LayerName]) -> None:
    first: dict[LayerName, str] = {}
    for arn, layer in zip(arns, layers, strict=True):
        if layer in first:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same "
                f"function. {first[layer]} and {arn} are versions of the same layer."
            )
        first[layer] = arn


def _usable(store_of: StoreOf, layer: LayerName, number: int, account: str) -> LayerVersion:
    store = store_of(layer.account, layer.region)
    version = store.find(layer.name, number)
    if layer.account != account and layer.name not in store.names():
        raise NotImplementedError(
            f"The layer {layer.arn} is not in the lab: publish it as account {layer.account}, "
            "with this number as the access key ID."
        )
    check_access(store_of, layer, number, account)
    if not version:
        raise InvalidParameterValueException(f"Layer version {layer.arn}:{number} does not exist.")
    return version
