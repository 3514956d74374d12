"""IAM: moto's backend with eventually consistent lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam import urls
from moto.iam.models import IAMBackend, Role, filter_items_with_path_prefix

from vpcache.lab.aws.lag import ListingLag
from vpcache.lab.settings import LabSettings

_PAGE_SIZE = 100  # roles; callers may request fewer


class IdentitiesBackend(IAMBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """IAM of one account, the same in every region of a partition.

    ListRoles lags behind creations and deletions; every other call is consistent.
    """

    def __init__(self, region_name: str, account_id: str, settings: Callable[[], LabSettings]) -> None:
        super().__init__(region_name, account_id)
        self._lag: ListingLag[Role] = ListingLag(lambda: settings().iam_lag_ms)

    @property
    def _url_module(self) -> Any:
        return urls

    def create_role(self, *arguments: Any, **options: Any) -> Any:
        """Create a role."""
        role = super().create_role(*arguments, **options)
        self._lag.created(role.name)
        return role

    def delete_role(self, role_name: str) -> None:
        """Delete a role that has no policies."""
        role = self.get_role(role_name)
        super().delete_role(role_name)
        self._lag.deleted(role_name, role)

    def list_roles(
        self, path_prefix: str | None = None, marker: str | None = None, max_items: int | None = None
    ) -> tuple[list[Any], str | None]:
        """Return a page of roles and the marker of the next page."""
        current = {
            role.name: role for role in list(self.roles.values()) if not self._lag.is_hidden(role.name)
        }
        listed = (self._lag.deleted_members() | current).values()
        matching = sorted(filter_items_with_path_prefix(path_prefix or "/", listed), key=lambda role: role.id)
        first = int(marker or 0)
        end = first + int(max_items or _PAGE_SIZE)
        return matching[first:end], str(end) if end < len(matching) else None
