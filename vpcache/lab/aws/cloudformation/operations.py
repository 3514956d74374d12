"""The operations on stacks: creation, update, deletion, and the rollback of the first two.

An operation runs in a dedicated thread while clients look at the stack. It makes one resource after the
other, in the order of their dependencies, and each as its user would: by calls of AWS's API.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.exceptions import ServiceException

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError, is_absent, is_in_use, reason_of
from vpcache.lab.aws.cloudformation.kinds.catalog import Catalog
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request
from vpcache.lab.aws.cloudformation.model import Made, Output, Plan, Stack, StackResource
from vpcache.lab.aws.cloudformation.scope import StackScope, output_values
from vpcache.lab.aws.cloudformation.templates.dependencies import creation_order
from vpcache.lab.aws.cloudformation.templates.template import ResourceDefinition

_log = logging.getLogger(__name__)

_IN_USE_SECONDS = 90.0  # for which a deletion is repeated while another resource uses this one
_RETRY_SECONDS = 0.25

Exports = Callable[[], Mapping[str, str]]


class _FailedError(Exception):
    """An operation on a stack failed; the text is the reason of its event."""


@dataclass(frozen=True)
class _Change:
    """A change of an update, for its cleanup and its rollback."""

    resource: StackResource  # after the change
    before: StackResource | None  # None if it was created
    is_replacement: bool = False


class StackOperation:
    """One operation on a stack. Its methods change the stack, and raise no exception."""

    def __init__(self, stack: Stack, calls: Calls, catalog: Catalog, account: str, exports: Exports) -> None:
        self._stack = stack
        self._calls = calls
        self._catalog = catalog
        self._account = account
        self._exports = exports
        self._deadline: float | None = None

    def create(self) -> None:
        """Create all resources. If that fails, do what the stack's `on_failure` says."""
        stack = self._stack
        if stack.timeout:
            self._deadline = time.monotonic() + stack.timeout
        try:
            self._apply(stack.plan, [])
            self._set_outputs(stack.plan)
        except Exception as error:
            reason = _explained(error)
            if stack.on_failure == "DO_NOTHING":
                stack.set_status("CREATE_FAILED", reason)
            elif stack.on_failure == "DELETE":
                self._remove_all("DELETE", f"{reason} Delete requested by user.")
            else:
                self._remove_all("ROLLBACK", f"{reason} Rollback requested by user.")
        else:
            stack.set_status("CREATE_COMPLETE")

    def update(self, plan: Plan, *, rolls_back: bool = True) -> None:
        """Bring the stack to another plan; if that fails, bring it back."""
        stack, before = self._stack, self._stack.plan
        outputs, changes = stack.outputs, list[_Change]()
        try:
            self._apply(plan, changes)
            self._set_outputs(plan)
        except Exception as error:
            reason = _explained(error)
            stack.outputs = outputs
            if not rolls_back:
                stack.set_status("UPDATE_FAILED", reason)
                return
            stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
            self._undo(changes)
            stack.plan = before
            return
        stack.plan, stack.updated = plan, datetime.now(UTC)
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(plan, changes)
        stack.set_status("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete all resources that are not retained."""
        self._remove_all("DELETE", "User Initiated")

    # creations and changes

    def _apply(self, plan: Plan, changes: list[_Change]) -> None:
        """Create and change the resources of a plan, and append what was done to `changes`."""
        scope = StackScope(self._stack, plan, self._calls, self._account, self._exports)
        for logical_id in creation_order(plan.template, scope.made()):
            if self._deadline and time.monotonic() > self._deadline:
                raise _FailedError("Stack creation time exceeded the specified timeout.")
            definition = plan.template.resources[logical_id]
            self._apply_one(definition, plan, scope, changes)
        self._stack.imports = scope.imports

    def _apply_one(
        self, definition: ResourceDefinition, plan: Plan, scope: StackScope, changes: list[_Change]
    ) -> None:
        stack, logical_id = self._stack, definition.logical_id
        before = stack.resources.get(logical_id)
        verb = "create" if before is None else "update"
        resource = StackResource(logical_id, definition.type, before.properties if before else {})
        resource.is_retained = definition.deletion_policy == "Retain"
        resource.is_replaced_retained = definition.replace_policy == "Retain"
        try:
            kind = self._kind(definition.type)
            resource.properties = scope.properties(definition)
            if before is None:
                stack.resources[logical_id] = resource
                changes.append(_Change(resource, None))
                self._make(kind, resource, plan, "CREATE")
            else:
                self._change(kind, resource, before, plan, changes)
        except Exception as error:
            stack.set_resource_status(resource, f"{verb.upper()}_FAILED", _reason(error))
            raise _FailedError(f"The following resource(s) failed to {verb}: [{logical_id}].") from error

    def _change(
        self,
        kind: Kind,
        resource: StackResource,
        before: StackResource,
        plan: Plan,
        changes: list[_Change],
    ) -> None:
        stack = self._stack
        if kind.type != before.type:
            raise ResourceError(f"Update of resource type is not permitted: {before.type} to {kind.type}.")
        names = resource.properties.keys() | before.properties.keys()
        differs = {name for name in names if resource.properties.get(name) != before.properties.get(name)} | (
            {"Tags"} if plan.tags != stack.plan.tags and "Tags" in kind.updatable else set()
        )
        if not differs:
            before.is_retained, before.is_replaced_retained = (
                resource.is_retained,
                resource.is_replaced_retained,
            )
            return
        if kind.update and before.made and differs <= kind.updatable:
            resource.made = before.made
            changes.append(_Change(resource, before))
            stack.set_resource_status(resource, "UPDATE_IN_PROGRESS")
            resource.made = kind.update(self._request(resource, plan), before.made, frozenset(differs))
            stack.resources[resource.logical_id] = resource
            stack.set_resource_status(resource, "UPDATE_COMPLETE")
            return
        if (
            kind.name_property
            and kind.name_property not in differs
            and resource.properties.get(kind.name_property)
        ):
            name = resource.properties[kind.name_property]
            raise ResourceError(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {name} and update the stack again."
            )
        stack.set_resource_status(
            before,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        )
        changes.append(_Change(resource, before, is_replacement=True))
        self._make(kind, resource, plan, "UPDATE")
        stack.resources[resource.logical_id] = resource

    def _make(self, kind: Kind, resource: StackResource, plan: Plan, verb: str) -> None:
        self._stack.set_resource_status(resource, f"{verb}_IN_PROGRESS")
        kind.check(resource.logical_id, frozenset(resource.properties))
        resource.made = kind.create(self._request(resource, plan))
        self._stack.set_resource_status(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        self._stack.set_resource_status(resource, f"{verb}_COMPLETE")

    def _request(self, resource: StackResource, plan: Plan) -> Request:
        def record(made: Made) -> Made:
            resource.made = made
            return made

        return Request(
            self._calls,
            self._stack.name,
            resource.logical_id,
            resource.properties,
            plan.tags,
            self._account,
            record,
        )

    def _kind(self, name: str) -> Kind:
        kind = self._catalog.find(name)
        if kind is None:
            raise NotImplementedError(f"The type {name} is not emulated.")
        return kind

    def _set_outputs(self, plan: Plan) -> None:
        scope = StackScope(self._stack, plan, self._calls, self._account, self._exports)
        outputs = [Output(*each) for each in output_values(plan, scope)]
        own = {each.export for each in self._stack.outputs}
        for each in outputs:
            if each.export and each.export not in own and each.export in self._exports():
                raise _FailedError(f"Export with name {each.export} is already exported by another stack.")
        self._stack.imports |= scope.imports
        self._stack.outputs = outputs

    # deletions

    def _remove_all(self, verb: str, reason: str) -> None:
        """Delete all resources, in the reverse order of their dependencies."""
        stack = self._stack
        stack.set_status(f"{verb}_IN_PROGRESS", reason)
        order = _deletion_order(stack.plan, stack.resources)
        resources = [stack.resources[logical_id] for logical_id in order]
        failed = self._remove(resources, is_rollback=verb == "ROLLBACK")
        if failed:
            names = ", ".join(each.logical_id for each in failed)
            stack.set_status(f"{verb}_FAILED", f"The following resource(s) failed to delete: [{names}].")
            return
        stack.outputs, stack.imports = [], set()
        if verb == "DELETE":
            stack.deleted = datetime.now(UTC)
        stack.set_status(f"{verb}_COMPLETE")

    def _remove(
        self, resources: Sequence[StackResource], *, is_rollback: bool = False
    ) -> list[StackResource]:
        """Delete resources; return those that could not be deleted."""
        failed = []
        for resource in resources:
            if resource.status == "DELETE_COMPLETE":
                continue
            if resource.is_retained and not is_rollback:
                self._stack.set_resource_status(resource, "DELETE_SKIPPED")
            elif not self._remove_one(resource):
                failed.append(resource)
        return failed

    def _remove_one(self, resource: StackResource) -> bool:
        """Delete a resource; return whether it is gone. While it is in use, try again."""
        stack = self._stack
        stack.set_resource_status(resource, "DELETE_IN_PROGRESS")
        deadline = time.monotonic() + _IN_USE_SECONDS
        while resource.made is not None:
            try:
                self._kind(resource.type).delete(self._calls, resource.made, resource.properties)
                break
            except ClientError as error:
                if is_absent(error):
                    break
                if is_in_use(error) and time.monotonic() < deadline:
                    time.sleep(_RETRY_SECONDS)
                    continue
                stack.set_resource_status(resource, "DELETE_FAILED", reason_of(error))
                return False
            except Exception as error:
                stack.set_resource_status(resource, "DELETE_FAILED", _reason(error))
                return False
        stack.set_resource_status(resource, "DELETE_COMPLETE")
        return True

    def _clean_up(self, plan: Plan, changes: Sequence[_Change]) -> None:
        """Delete what an update replaced, then what the template no longer has."""
        stack = self._stack
        scope = StackScope(stack, plan, self._calls, self._account, self._exports)
        kept = set(scope.made())
        replaced = [each.before for each in reversed(changes) if each.is_replacement and each.before]
        for resource in replaced:
            resource.is_retained = resource.is_replaced_retained
        gone = [name for name in _deletion_order(plan, stack.resources) if name not in kept]
        self._remove([*replaced, *(stack.resources[name] for name in gone)])
        for name in gone:
            del stack.resources[name]

    def _undo(self, changes: Sequence[_Change]) -> None:
        """Undo an update, the last change first."""
        stack = self._stack
        failed: list[StackResource] = []
        for change in reversed(changes):
            resource, before = change.resource, change.before
            if before is None:
                failed += self._remove([resource], is_rollback=True)
                del stack.resources[resource.logical_id]
            elif change.is_replacement:
                stack.resources[resource.logical_id] = before
                failed += self._remove([resource], is_rollback=True)
            else:
                failed += self._restore(resource, before)
        if failed:
            names = ", ".join(each.logical_id for each in failed)
            reason = f"The following resource(s) failed to update: [{names}]."
            stack.set_status("UPDATE_ROLLBACK_FAILED", reason)
        else:
            stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
            stack.set_status("UPDATE_ROLLBACK_COMPLETE")

    def _restore(self, resource: StackResource, before: StackResource) -> list[StackResource]:
        """Give a resource the properties that it had; return it if that fails."""
        kind = self._kind(before.type)
        names = resource.properties.keys() | before.properties.keys()
        differs = {name for name in names if resource.properties.get(name) != before.properties.get(name)}
        try:
            if kind.update and resource.made:
                request = self._request(before, self._stack.plan)
                before.made = kind.update(request, resource.made, frozenset(differs))
        except Exception as error:
            self._stack.set_resource_status(resource, "UPDATE_FAILED", _reason(error))
            return [resource]
        self._stack.resources[before.logical_id] = before
        self._stack.set_resource_status(before, "UPDATE_COMPLETE")
        return []


def _deletion_order(plan: Plan, resources: Mapping[str, Any]) -> list[str]:
    """Return the logical IDs of the resources so that each one comes before those that it depends on."""
    known = [name for name in plan.template.resources if name in resources]
    order = [name for name in resources if name not in known]  # those of an older template
    return [*reversed(order), *reversed(creation_order(plan.template, known))]


def _explained(error: Exception) -> str:
    return str(error) if isinstance(error, _FailedError) else _reason(error)


def _reason(error: Exception) -> str:
    """Return why a resource failed, as its event shows it."""
    if isinstance(error, ClientError):
        return reason_of(error)
    if isinstance(error, ServiceException):
        return str(error.message)
    if isinstance(error, ResourceError | NotImplementedError | BotoCoreError | _FailedError):
        return str(error)
    _log.exception("a resource of a stack failed", exc_info=error)
    return f"Internal Failure: {error!r}"
