"""The Lambda API's handlers for functions, versions and aliases."""

from __future__ import annotations

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.urls import url_bases
from moto.core.responses import TYPE_RESPONSE, ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.aliases import Alias
from vpcache.lab.aws.awslambda.api.event_sources import EventSourcesResponse
from vpcache.lab.aws.awslambda.api.invocations import InvocationsResponse
from vpcache.lab.aws.awslambda.api.layers import LayersResponse
from vpcache.lab.aws.awslambda.api.permissions import PermissionsResponse
from vpcache.lab.aws.awslambda.api.tags import TagsResponse
from vpcache.lab.aws.awslambda.api.urls import FunctionUrlsResponse
from vpcache.lab.aws.awslambda.errors import ResourceNotFoundError
from vpcache.lab.aws.awslambda.function import check_revision, configurations
from vpcache.lab.aws.dispatch import UrlModule


class FunctionsResponse(
    InvocationsResponse,
    EventSourcesResponse,
    PermissionsResponse,
    TagsResponse,
    FunctionUrlsResponse,
    LayersResponse,
):
    """The Lambda API, with immutable versions."""

    # functions

    def create_function(self) -> ActionResult:
        """Answer CreateFunction."""
        self._check_request_size(self.params["Code"].get("ZipFile"))
        version = self.backend.create_function(self.params)
        return ActionResult(version.get_configuration() | {"FunctionArn": version.base_arn})

    def get_function(self) -> ActionResult:
        """Answer GetFunction."""
        function, version = self._function(), self._version()
        description = version.get_code() | {"Configuration": self._configuration(version)}
        description["Code"]["Location"] = self._location("tasks", self.current_account, version.code["S3Key"])
        if function.latest.tags:
            description["Tags"] = function.latest.tags
        if function.reserved is not None:
            description["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return ActionResult(description)

    def get_function_code_signing_config(self) -> ActionResult:
        """Answer GetFunctionCodeSigningConfig: no function has one."""
        return ActionResult(
            {"FunctionName": self.backend.functions.find_unqualified(self._name).latest.function_name}
        )

    def get_function_configuration(self) -> ActionResult:
        """Answer GetFunctionConfiguration."""
        return ActionResult(self._configuration(self._version()))

    def update_function_configuration(self) -> ActionResult:
        """Answer UpdateFunctionConfiguration."""
        return ActionResult(self.backend.update_function_configuration(self._name, None, self.params))

    def update_function_code(self) -> ActionResult:
        """Answer UpdateFunctionCode."""
        self._check_request_size(self.params.get("ZipFile"))
        return ActionResult(self.backend.update_function_code(self._name, None, self.params))

    def delete_function(self) -> TYPE_RESPONSE:
        """Answer DeleteFunction, with 204: the model has 200."""
        self.backend.delete_function(self._name, self._qualifier)
        return 204, {"status": "204"}, ""

    def list_functions(self) -> ActionResult:
        """Answer ListFunctions."""
        if self._get_param("FunctionVersion") == "ALL":
            listed = [each for _, *versions in self.backend.list_configurations() for each in versions]
        else:
            listed = [latest for latest, *_ in self.backend.list_configurations()]
        return self._page("Functions", listed)

    def get_account_settings(self) -> ActionResult:
        """Answer GetAccountSettings."""
        return ActionResult(self.backend.account_settings())

    # versions and aliases

    def publish_version(self) -> ActionResult:
        """Answer PublishVersion."""
        function = self.backend.functions.find_unqualified(self._name)
        function.latest.check_not_updating()
        check_revision(function.latest.revision_id, self._get_param("RevisionId"))
        expected = self._get_param("CodeSha256") or function.latest.code_sha_256
        if expected != function.latest.code_sha_256:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST "
                f"({function.latest.code_sha_256}). Please try again with the CodeSHA256 in $LATEST."
            )
        return ActionResult(function.publish(self._get_param("Description")).get_configuration())

    def list_versions_by_function(self) -> ActionResult:
        """Answer ListVersionsByFunction."""
        return self._page("Versions", configurations(self.backend.functions.find_unqualified(self._name))[1:])

    def create_alias(self) -> ActionResult:
        """Answer CreateAlias."""
        version = self._get_param("FunctionVersion")
        function = self.backend.functions.find_unqualified(self._name, version)
        alias = Alias(
            self._get_param("Name"),
            version,
            self._get_param("Description") or "",
            self._weights() or {},
        )
        function.add_alias(alias)
        return ActionResult(alias.describe(function.arn))

    def update_alias(self) -> ActionResult:
        """Answer UpdateAlias; parameters that are not set keep their values."""
        function = self.backend.functions.find_unqualified(self._name)
        name = self._get_param("Name")
        if name not in (each.name for each in function.aliases):
            raise ResourceNotFoundError(f"Alias not found: {function.arn}:{name}")
        old = function.alias(name)
        check_revision(old.revision_id, self._get_param("RevisionId"))
        description, weights = self._get_param("Description"), self._weights()
        alias = Alias(
            old.name,
            self._get_param("FunctionVersion") or old.version,
            old.description if description is None else description,
            old.weights if weights is None else weights,
        )
        function.put_alias(alias)
        return ActionResult(alias.describe(function.arn))

    def get_alias(self) -> ActionResult:
        """Answer GetAlias."""
        function = self.backend.functions.find_unqualified(self._name)
        return ActionResult(function.alias(self._get_param("Name")).describe(function.arn))

    def list_aliases(self) -> ActionResult:
        """Answer ListAliases."""
        function = self.backend.functions.find_unqualified(self._name)
        version = self._get_param("FunctionVersion")
        aliases = [
            each.describe(function.arn)
            for each in function.aliases
            if version is None or version in each.versions
        ]
        return self._page("Aliases", aliases)

    def delete_alias(self) -> ActionResult:
        """Answer DeleteAlias."""
        self.backend.functions.find_unqualified(self._name).delete_alias(self._get_param("Name"))
        return EmptyResult()

    def _weights(self) -> dict[str, float] | None:
        """Return the additional version weights of an alias, None if the request does not set them."""
        routing = self._get_param("RoutingConfig")
        return None if routing is None else routing.get("AdditionalVersionWeights") or {}


FUNCTIONS_URLS = UrlModule(url_bases, {"{0}/.*": FunctionsResponse.dispatch})
"""The dispatch table of the Lambda API."""
