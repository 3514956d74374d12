"""The Lambda API's handlers for tags."""

from __future__ import annotations

from moto.awslambda.exceptions import (
    GenericResourcNotFound,
    InvalidParameterValueException,
    UnknownFunctionException,
)
from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.api.request import FunctionRequest
from vpcache.lab.aws.awslambda.config.tags import check_tags
from vpcache.lab.aws.awslambda.errors import ResourceNotFoundError
from vpcache.lab.aws.awslambda.event_sources.mapping import EventSourceMapping
from vpcache.lab.aws.awslambda.version import FunctionVersion


class TagsResponse(FunctionRequest):
    """Tags of functions and event source mappings."""

    def list_tags(self) -> ActionResult:
        """Answer ListTags."""
        return ActionResult({"Tags": self._tagged().tags})

    def tag_resource(self) -> ActionResult:
        """Answer TagResource."""
        resource, tags = self._tagged(), self._get_param("Tags")
        if not tags:
            raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
        check_tags({**resource.tags, **tags})
        resource.tags.update(tags)
        _renew_revision(resource)
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """Answer UntagResource."""
        resource = self._tagged()
        for key in self._get_param("TagKeys"):
            resource.tags.pop(key, None)
        _renew_revision(resource)
        return EmptyResult()

    def _tagged(self) -> FunctionVersion | EventSourceMapping:
        arn = str(self._get_param("Resource"))
        if ":event-source-mapping:" in arn:
            try:
                return self.backend.event_sources.get(arn.rpartition(":")[2])
            except GenericResourcNotFound:
                raise ResourceNotFoundError(f"Event source mapping not found: {arn}") from None
        if ":function:" not in arn:
            raise NotImplementedError("Only functions and event source mappings can have tags.")
        if self.backend.functions.parse(arn).qualifier:
            raise InvalidParameterValueException(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        try:
            return self.backend.functions.find(arn).latest
        except UnknownFunctionException:
            raise ResourceNotFoundError(f"Function not found: {arn}") from None


def _renew_revision(resource: FunctionVersion | EventSourceMapping) -> None:
    """Give a function another revision, as a change of its tags does; mappings have none."""
    if isinstance(resource, FunctionVersion):
        resource.renew_revision()
