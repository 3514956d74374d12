"""The IAM API's handlers, where moto's ignore parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException, ValidationError
from moto.iam.responses import IamResponse
from moto.iam.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.iam.pages import PAGED, page


class IdentitiesResponse(IamResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The IAM API."""

    def call_action(self) -> Any:
        """Answer a request, unless its marker is none that a list of moto's contained."""
        marker = self._get_param("Marker")
        if marker and self._get_action() not in PAGED and not marker.isdecimal():
            return self.serialized(ActionResult(ValidationError(f"Invalid Marker: {marker}")))
        return super().call_action()

    def get_service_linked_role_deletion_status(self) -> Any:
        """Answer GetServiceLinkedRoleDeletionStatus."""
        task = self._get_param("DeletionTaskId")
        if not self.backend.has_deletion_task(task):
            raise NotFoundException(f"Deletion task with id {task} cannot be found.")
        return ActionResult({"Status": "SUCCEEDED"})

    def delete_account_alias(self) -> Any:
        """Answer DeleteAccountAlias; moto deletes whatever alias there is."""
        alias = self._get_param("AccountAlias")
        if alias not in self.backend.list_account_aliases():
            raise NotFoundException(f"The account alias {alias} cannot be found.")
        return super().delete_account_alias()

    def list_service_specific_credentials(self) -> Any:
        """Answer ListServiceSpecificCredentials: none can be made, and Terraform asks before it deletes."""
        if name := self._get_param("UserName"):
            self.backend.get_user(name)
        return ActionResult({"ServiceSpecificCredentials": [], "IsTruncated": False})

    def serialized(self, action_result: Any) -> Any:
        """Serialize a result; of a list, only the requested page."""
        if isinstance(action_result.result, Mapping):
            try:
                result: Any = page(
                    self._get_action(),
                    action_result.result,
                    self._get_param("PathPrefix"),
                    self._get_param("Marker"),
                    self._get_int_param("MaxItems"),
                )
            except ValidationError as error:
                result = error
            action_result = ActionResult(result)
        return super().serialized(action_result)


IAM_URLS = UrlModule(url_bases, {"{0}/$": IdentitiesResponse.dispatch})
