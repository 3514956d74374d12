"""The IAM API's handlers, where moto's ignore parameters."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse
from moto.iam.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule


class IdentitiesResponse(IamResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The IAM API."""

    def get_service_linked_role_deletion_status(self) -> Any:
        """Answer GetServiceLinkedRoleDeletionStatus."""
        task = self._get_param("DeletionTaskId")
        if not self.backend.has_deletion_task(task):
            raise NotFoundException(f"Deletion task with id {task} cannot be found.")
        return ActionResult({"Status": "SUCCEEDED"})


IAM_URLS = UrlModule(url_bases, {"{0}/$": IdentitiesResponse.dispatch})
