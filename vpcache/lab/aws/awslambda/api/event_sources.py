"""The Lambda API's handlers for event source mappings."""

from __future__ import annotations

from moto.core.responses import ActionResult

from vpcache.lab.aws.awslambda.api.request import FunctionRequest
from vpcache.lab.aws.awslambda.event_sources.mappings import EventSourceMappings


class EventSourcesResponse(FunctionRequest):
    """Event source mappings."""

    def create_event_source_mapping(self) -> ActionResult:
        """Answer CreateEventSourceMapping."""
        return ActionResult(self._mappings.create(self.params).describe())

    def get_event_source_mapping(self) -> ActionResult:
        """Answer GetEventSourceMapping."""
        return ActionResult(self._mappings.get(self._uuid).describe())

    def list_event_source_mappings(self) -> ActionResult:
        """Answer ListEventSourceMappings."""
        listed = self._mappings.listed(self._get_param("EventSourceArn"), self._get_param("FunctionName"))
        return self._page("EventSourceMappings", [each.describe() for each in listed])

    def update_event_source_mapping(self) -> ActionResult:
        """Answer UpdateEventSourceMapping; parameters that are not set keep their values."""
        return ActionResult(self._mappings.update(self._uuid, self.params).describe())

    def delete_event_source_mapping(self) -> ActionResult:
        """Answer DeleteEventSourceMapping."""
        return ActionResult(self._mappings.delete(self._uuid).describe())

    @property
    def _mappings(self) -> EventSourceMappings:
        return self.backend.event_sources

    @property
    def _uuid(self) -> str:
        return str(self._get_param("UUID"))
