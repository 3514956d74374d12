"""What a call needs to be authorized for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vpcache.lab.aws.authorization.requests import (
    caches,
    functions,
    gateways,
    identities,
    messages,
    network,
    storage,
)
from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target

_SERVICES: Mapping[str, Callable[[ApiCall, Directory], Iterator[Target]]] = {
    "apigateway": gateways.targets,
    "ec2": network.targets,
    "elasticache": caches.targets,
    "iam": identities.targets,
    "lambda": functions.targets,
    "s3": storage.targets,
    "sts": identities.targets,
}


def targets(call: ApiCall, directory: Directory) -> tuple[Target, ...]:
    """Return the actions and resources for which a call must be authorized, all of them.

    Services that the reference lacks are authorized for the action of the operation's name on all resources.
    """
    return tuple(_SERVICES.get(call.service, messages.targets)(call, directory))
