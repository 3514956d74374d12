"""IAM: moto's backend with eventually consistent lists, trust policies and roles linked to a service."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any

from moto.core.exceptions import ServiceException
from moto.iam.exceptions import NotFoundException
from moto.iam.models import (
    AWSManagedPolicy,
    IAMBackend,
    Role,
    filter_items_with_path_prefix,
    iam_backends,
)

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.iam.linked_roles import linked_role, takes_suffix
from vpcache.lab.aws.iam.managed_policies import aws_managed_policies
from vpcache.lab.aws.iam.trust_policies import check_trust_policy
from vpcache.lab.aws.lag import ListingLag
from vpcache.lab.settings import LabSettings

_PAGE_SIZE = 100  # roles; callers may request fewer


class InvalidInput(ServiceException):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A value that IAM does not take."""

    code = "InvalidInput"


class UnmodifiableEntity(ServiceException):  # type: ignore[misc]
    """A change of a role that only its service may change."""

    code = "UnmodifiableEntity"


class IdentitiesBackend(IAMBackend):  # type: ignore[misc]
    """IAM of one account, the same in every region of a partition.

    ListRoles lags behind creations and deletions; every other call is consistent.
    """

    def __init__(
        self, region_name: str, account_id: str, *, urls: UrlModule, settings: Callable[[], LabSettings]
    ) -> None:
        super().__init__(region_name, account_id)
        del self.managed_policies  # none, until the first use
        self._urls = urls
        self._lag: ListingLag[Role] = ListingLag(lambda: settings().iam_lag_ms)
        self._deletion_tasks: set[str] = set()

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    @cached_property
    def managed_policies(self) -> dict[str, Any]:
        """The managed policies by ARN, AWS's among them.

        AWS's 1,600 are created at the first use: moto asks for the IAM of an account at each request of any
        service.
        """
        policies = {policy.arn: policy for policy in aws_managed_policies(self.account_id, self.region_name)}
        # concurrent first uses get the same policies
        found: dict[str, Any] = self.__dict__.setdefault("managed_policies", policies)
        return found

    def _init_aws_policies(self) -> list[Any]:
        """Return none to the constructor of the base class."""
        return []

    def saved_state(self) -> dict[str, Any]:
        """Return the state for a snapshot, without the policies that AWS manages: each lab has them."""
        state = dict(vars(self))
        del state["aws_managed_policies"]
        policies = state.get("managed_policies", {})  # empty until the first use
        return state | {
            "managed_policies": {arn: each for arn, each in policies.items() if not _is_managed_by_aws(each)}
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over the state of a snapshot."""
        if own := state.pop("managed_policies"):
            self.managed_policies.update(own)
        self.__dict__.update(state)

    def get_role(self, role_name: str) -> Any:
        """Return a role. Raises NotFoundException."""
        for role in list(self.roles.values()):
            if role.name == role_name:
                return role
        raise NotFoundException(f"The role with name {role_name} cannot be found.")

    def create_role(
        self, role_name: str, assume_role_policy_document: str, *rest: Any, **options: Any
    ) -> Any:
        """Create a role with a valid trust policy."""
        check_trust_policy(assume_role_policy_document, identity_exists)
        role = super().create_role(role_name, assume_role_policy_document, *rest, **options)
        self._lag.created(role.name)
        return role

    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        """Replace the trust policy of a role."""
        role = self._modifiable(role_name)
        check_trust_policy(policy_document, identity_exists)
        role.assume_role_policy_document = policy_document

    def delete_role(self, role_name: str) -> None:
        """Delete a role that has no policies."""
        self._modifiable(role_name)
        self._delete(role_name)

    def put_role_policy(self, role_name: str, *rest: Any) -> None:
        """Set an inline policy of a role."""
        self._modifiable(role_name)
        super().put_role_policy(role_name, *rest)

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """Attach a policy to a role."""
        self._modifiable(role_name)
        super().attach_role_policy(policy_arn, role_name)

    def detach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """Detach a policy from a role."""
        self._modifiable(role_name)
        super().detach_role_policy(policy_arn, role_name)

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

    def create_service_linked_role(self, service_name: str, description: str, suffix: str) -> Any:
        """Create the role of a service, with the service's policy.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
        """
        linked = linked_role(service_name, suffix)
        if linked is None:
            raise NotImplementedError(f"The lab does not know the role that is linked to {service_name}.")
        if suffix and not takes_suffix(service_name):
            raise InvalidInput(f"Custom suffix is not allowed for {service_name}")
        if any(role.name == linked.name for role in list(self.roles.values())):
            message = (
                f"Service role name {linked.name} has been taken in this account, "
                "please try a different suffix."
            )
            raise InvalidInput(message)
        role = self.create_role(
            linked.name,
            linked.trust_policy,
            linked.path,
            permissions_boundary=None,
            description=description,
            tags=[],
            max_session_duration="3600",
            linked_service=service_name,
        )
        super().attach_role_policy(linked.policy_arn, linked.name)
        return role

    def delete_service_linked_role(self, role_name: str) -> str:
        """Delete the role of a service, and return the ID of the deletion's task."""
        role = self.get_role(role_name)
        if not _is_linked(role):
            raise NotFoundException(f"The service linked role with name {role_name} cannot be found.")
        for arn in list(role.managed_policies):
            super().detach_role_policy(arn, role_name)
        self._delete(role_name)
        task = f"task{role.path}{role_name}/{uuid.uuid4()}"
        self._deletion_tasks.add(task)
        return task

    def has_deletion_task(self, task: str) -> bool:
        """Return whether a service's role was deleted under the ID of a task."""
        return task in self._deletion_tasks

    def _delete(self, role_name: str) -> None:
        role = self.get_role(role_name)
        super().delete_role(role_name)
        self._lag.deleted(role_name, role)

    def _modifiable(self, role_name: str) -> Any:
        role = self.get_role(role_name)
        if _is_linked(role):
            message = f"Cannot perform the operation on the protected role '{role_name}'"
            raise UnmodifiableEntity(f"{message} - this role is only modifiable by AWS")
        return role


def identity_exists(arn: str) -> bool:
    """Return whether the role or user of an ARN exists; those of accounts without any are taken to exist."""
    account, _, resource = arn.partition("::")[2].partition(":")
    kind, _, path = resource.partition("/")
    if arn == user_arn(account) or (account != ACCOUNT and account not in iam_backends):
        return True
    backend = iam_backends[account][arn.split(":")[1]]
    identities = backend.roles if kind == "role" else backend.users
    name = path.rpartition("/")[2]
    return any(each.arn == arn and each.name == name for each in list(identities.values()))


def _is_managed_by_aws(policy: Any) -> bool:
    return isinstance(policy, AWSManagedPolicy)


def _is_linked(role: Any) -> bool:
    return str(role.path).startswith("/aws-service-role/")
