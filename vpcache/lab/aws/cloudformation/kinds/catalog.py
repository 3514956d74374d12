"""The kind of each type of resources that the lab makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.caches import CACHES
from vpcache.lab.aws.cloudformation.kinds.functions import FUNCTIONS
from vpcache.lab.aws.cloudformation.kinds.gateways import GATEWAYS
from vpcache.lab.aws.cloudformation.kinds.identities import IDENTITIES
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request
from vpcache.lab.aws.cloudformation.kinds.moto_kinds import Exclusive, moto_kind
from vpcache.lab.aws.cloudformation.kinds.networks import NETWORKS
from vpcache.lab.aws.cloudformation.kinds.security_groups import SECURITY_GROUPS
from vpcache.lab.aws.cloudformation.kinds.storage import STORAGE
from vpcache.lab.aws.cloudformation.model import Made


def _create_metadata(request: Request) -> Made:
    return Made(request.logical_id)


def _delete_metadata(_: Calls, __: Made, ___: Mapping[str, Any]) -> None:
    pass  # it made nothing


_METADATA = Kind("AWS::CDK::Metadata", frozenset({"Analytics"}), _create_metadata, _delete_metadata)
OWN_KINDS = {
    kind.type: kind
    for kind in (
        *CACHES,
        *FUNCTIONS,
        *GATEWAYS,
        *IDENTITIES,
        *NETWORKS,
        *SECURITY_GROUPS,
        *STORAGE,
        _METADATA,
    )
}
"""By type: the kinds whose resources are made by calls of the API."""


class Catalog:
    """The kinds of one account."""

    def __init__(self, account: str, exclusive: Exclusive) -> None:
        self._account = account
        self._exclusive = exclusive
        self._kinds: dict[str, Kind] = dict(OWN_KINDS)

    def find(self, kind: str) -> Kind | None:
        """Return the kind of a type, None if the lab does not make its resources."""
        if kind not in self._kinds:
            found = moto_kind(kind, self._account, self._exclusive)
            if found is None:
                return None
            self._kinds[kind] = found
        return self._kinds[kind]
