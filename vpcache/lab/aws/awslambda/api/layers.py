"""The Lambda API's handlers for layers.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound, InvalidParameterValueException
from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.awslambda.api.request import FunctionRequest
from vpcache.lab.aws.awslambda.backend import layers_in
from vpcache.lab.aws.awslambda.errors import AccessDeniedError
from vpcache.lab.aws.awslambda.function import check_revision
from vpcache.lab.aws.awslambda.layers.access import check_access
from vpcache.lab.aws.awslambda.layers.names import LayerName, parse_layer, parse_version
from vpcache.lab.aws.awslambda.layers.policy import LayerPolicy, layer_statement
from vpcache.lab.aws.awslambda.layers.store import LayerStore, LayerVersion
from vpcache.lab.aws.awslambda.packages.code import code_of

_DETAILS = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")


class LayersResponse(FunctionRequest):
    """Layers, their versions and the policies of those."""

    def publish_layer_version(self) -> ActionResult:
        """Answer PublishLayerVersion."""
        layer = self._own_layer("PublishLayerVersion")
        code = code_of(self.params["Content"], self.current_account, self.backend.partition)
        details = {name: self.params[name] for name in _DETAILS if self.params.get(name) is not None}
        version = self._store(layer).publish(layer, code, details)
        return ActionResult(self._described(version))

    def get_layer_version(self) -> ActionResult:
        """Answer GetLayerVersion."""
        layer, number = self._layer_and_number()
        return self._readable(layer, number)

    def get_layer_version_by_arn(self) -> ActionResult:
        """Answer GetLayerVersionByArn."""
        return self._readable(*parse_version(self._get_param("Arn")))

    def delete_layer_version(self) -> ActionResult:
        """Answer DeleteLayerVersion, also for a version that does not exist."""
        _, number = self._layer_and_number()
        layer = self._own_layer("DeleteLayerVersion")
        self._store(layer).delete(layer.name, number)
        return EmptyResult()

    def list_layers(self) -> ActionResult:
        """Answer ListLayers: for each layer its latest version that the filters match."""
        store = self.backend.layers
        latest = ((name, self._compatible(store, name)) for name in store.names())
        listed = [
            {
                "LayerName": name,
                "LayerArn": versions[0].layer.arn,
                "LatestMatchingVersion": versions[0].listed(),
            }
            for name, versions in latest
            if versions
        ]
        return self._page("Layers", listed)

    def list_layer_versions(self) -> ActionResult:
        """Answer ListLayerVersions, the newest first."""
        layer = self._layer()
        if layer.account != self.current_account:
            raise self._denied("ListLayerVersions", layer.arn)
        versions = self._compatible(self._store(layer), layer.name)
        return self._page("LayerVersions", [each.listed() for each in versions])

    # policies

    def add_layer_version_permission(self) -> ActionResult:
        """Answer AddLayerVersionPermission."""
        layer, number = self._layer_and_number()
        policy = self._policy("AddLayerVersionPermission")
        check_revision(policy.revision, self._get_param("RevisionId"), "GetLayerPolicy")
        new = layer_statement(self.params, f"{layer.arn}:{number}")
        policy.add(new)
        return ActionResult({"Statement": json.dumps(new), "RevisionId": policy.revision})

    def get_layer_version_policy(self) -> ActionResult:
        """Answer GetLayerVersionPolicy."""
        policy = self._policy("GetLayerVersionPolicy")
        return ActionResult({"Policy": json.dumps(policy.document), "RevisionId": policy.revision})

    def remove_layer_version_permission(self) -> ActionResult:
        """Answer RemoveLayerVersionPermission."""
        policy = self._policy("RemoveLayerVersionPermission")
        check_revision(policy.revision, self._get_param("RevisionId"), "GetLayerPolicy")
        policy.remove(self._get_param("StatementId"))
        return EmptyResult()

    # the layer of a request

    def _layer(self) -> LayerName:
        return parse_layer(self._get_param("LayerName"), self.region, self.current_account)

    def _own_layer(self, operation: str) -> LayerName:
        """Return the request's layer. Raises AccessDeniedError if it is another account's."""
        layer = self._layer()
        if layer.account != self.current_account:
            raise self._denied(operation, layer.arn)
        return layer

    def _denied(self, operation: str, arn: str) -> AccessDeniedError:
        return AccessDeniedError(user_arn(self.current_account), f"lambda:{operation}", arn)

    def _layer_and_number(self) -> tuple[LayerName, int]:
        number = int(self._get_param("VersionNumber"))
        if number < 1:
            raise InvalidParameterValueException("Layer Version Cannot be less than 1")
        return self._layer(), number

    def _policy(self, operation: str) -> LayerPolicy:
        layer, number = self._layer_and_number()
        self._own_layer(operation)
        return self._store(layer).policy(layer, number)

    def _store(self, layer: LayerName) -> LayerStore:
        if layer.region != self.region:  # AWS's answer is unknown
            raise GenericResourcNotFound()
        return layers_in(layer.account, layer.region)

    def _compatible(self, store: LayerStore, name: str) -> list[LayerVersion]:
        runtime, architecture = (
            self._get_param(key) for key in ("CompatibleRuntime", "CompatibleArchitecture")
        )
        return [each for each in store.versions(name) if each.is_compatible(runtime, architecture)]

    def _readable(self, layer: LayerName, number: int) -> ActionResult:
        store = self._store(layer)
        check_access(layers_in, layer, number, self.current_account)
        return ActionResult(self._described(store.get(layer.name, number)))

    def _described(self, version: LayerVersion) -> Mapping[str, Any]:
        return version.described(self._location("layers", version.layer.account, version.key))
