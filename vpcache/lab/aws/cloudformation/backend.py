"""CloudFormation of one region: its stacks, and the requests that change them."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends

from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.cloudformation.calls import Calls, LabApi
from vpcache.lab.aws.cloudformation.capabilities import check_capabilities
from vpcache.lab.aws.cloudformation.changes import has_changes, resource_changes
from vpcache.lab.aws.cloudformation.errors import (
    ChangeSetNotFoundError,
    InvalidChangeSetStatusError,
    ResourceError,
    StackExistsError,
    TemplateError,
)
from vpcache.lab.aws.cloudformation.kinds.catalog import Catalog
from vpcache.lab.aws.cloudformation.model import REVIEW, Caller, ChangeSet, Plan, Stack
from vpcache.lab.aws.cloudformation.operations import StackOperation
from vpcache.lab.aws.cloudformation.scope import StackScope
from vpcache.lab.aws.cloudformation.templates.dependencies import check_references, creation_order
from vpcache.lab.aws.dispatch import UrlModule

_UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
_UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


class StacksBackend(CloudFormationBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """CloudFormation of one region. Each operation on a stack has a dedicated thread."""

    def __init__(
        self, region_name: str, account_id: str, *, urls: UrlModule, api: LabApi, changes: Changes
    ) -> None:
        self._urls = urls
        super().__init__(region_name, account_id)
        self._api = api
        self._changes = changes
        self._catalog = Catalog(account_id, self._exclusive)
        self._lock = threading.Lock()  # of the decision which operation a stack begins
        self._operations: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by stack

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._changes.exclusive_lock():
            yield
            self._changes.reconcile()

    def calls(self, caller: Caller) -> Calls:
        """Return AWS's API with the credentials of `caller`."""
        return Calls(self._api, self.region_name, caller)

    # reading

    def find(self, name_or_id: str) -> Stack:
        """Return a stack by name or ARN; deleted ones by ARN. Raises TemplateError."""
        for stack in [*self.stacks.values(), *self.deleted_stacks.values()]:
            if stack.id == name_or_id or (stack.name == name_or_id and stack.id in self.stacks):
                return stack  # type: ignore[no-any-return]
        raise TemplateError(f"Stack with id {name_or_id} does not exist")

    def export_values(self) -> dict[str, str]:
        """Return the value of each export of the region by name."""
        return {
            each.export: each.value
            for stack in list(self.stacks.values())
            for each in stack.outputs
            if each.export
        }

    def exporting(self) -> list[tuple[Stack, str, str]]:
        """Return stack, name and value of each export, sorted by name."""
        found = [
            (stack, each.export, each.value)
            for stack in list(self.stacks.values())
            for each in stack.outputs
            if each.export
        ]
        return sorted(found, key=lambda each: each[1])

    def importing(self, export: str) -> list[str]:
        """Return the names of the stacks that import a value, sorted."""
        return sorted(each.name for each in list(self.stacks.values()) if export in each.imports)

    # operations

    def create(
        self,
        name: str,
        plan: Plan,
        caller: Caller,
        *,
        on_failure: str = "ROLLBACK",
        is_protected: bool = False,
        timeout: int | None = None,
        token: str | None = None,
    ) -> Stack:
        """Begin to create a stack. Raises StackExistsError, TemplateError, NotImplementedError."""
        stack = Stack(
            self._new_arn("stack", name),
            name,
            plan,
            "CREATE_IN_PROGRESS",
            on_failure=on_failure,
            is_protected=is_protected,
            timeout=timeout,
            token=token,
        )
        self._check(stack, plan, caller)
        with self._lock:
            if any(each.name == name for each in self.stacks.values()):
                raise StackExistsError(f"Stack [{name}] already exists")
            self.stacks[stack.id] = stack
            stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        self._begin(stack, lambda operation: operation.create(), caller)
        return stack

    def update(
        self, name: str, plan: Plan, caller: Caller, *, rolls_back: bool = True, token: str | None = None
    ) -> Stack:
        """Begin to update a stack. Raises TemplateError, NotImplementedError."""
        stack = self.find(name)
        self._check(stack, plan, caller)
        with self._lock:
            _check_updatable(stack)
            if not has_changes(stack.plan, plan):
                raise TemplateError("No updates are to be performed.")
            stack.token = token
            stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        self._begin(stack, lambda operation: operation.update(plan, rolls_back=rolls_back), caller)
        return stack

    def delete(self, name: str, caller: Caller, token: str | None = None) -> None:
        """Begin to delete a stack; an operation in progress ends first. A missing stack is no error."""
        try:
            stack = self.find(name)
        except TemplateError:
            return
        if stack.is_protected:
            raise TemplateError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        if stack.id in self.deleted_stacks or stack.status == "DELETE_IN_PROGRESS":
            return
        stack.token = token
        if not stack.is_busy:
            stack.status = "DELETE_IN_PROGRESS"  # also for the next request; the event follows

        def operate(operation: StackOperation) -> None:
            for each in stack.outputs:
                if each.export and (users := self.importing(each.export)):
                    reason = f"Export {each.export} cannot be deleted: it is in use by {', '.join(users)}"
                    stack.set_status("DELETE_FAILED", reason)
                    return
            operation.delete()

        self._begin(stack, operate, caller)

    def resume(self) -> None:
        """End the operations that a snapshot contains: their threads ended with the lab that wrote it."""
        for stack in list(self.stacks.values()):
            if stack.is_busy:
                stack.fail("The lab ended during this operation")

    def _begin(self, stack: Stack, operate: Any, caller: Caller) -> None:
        operation = StackOperation(
            stack, self.calls(caller), self._catalog, self.account_id, self.export_values
        )

        def run() -> None:
            with self._operations[stack.id]:
                operate(operation)
                if stack.status == "DELETE_COMPLETE":
                    self.deleted_stacks[stack.id] = stack
                    self.stacks.pop(stack.id, None)

        threading.Thread(target=run, name=f"stack {stack.name}", daemon=True).start()

    def _check(self, stack: Stack, plan: Plan, caller: Caller) -> list[str]:
        """Return the logical IDs of the resources of a plan.

        Raises TemplateError for an invalid template, NotImplementedError for what the lab does not make.
        """
        check_references(plan.template)
        check_capabilities(plan.template, plan.capabilities)
        scope = StackScope(stack, plan, self.calls(caller), self.account_id, self.export_values)
        made = scope.made()
        creation_order(plan.template, made)
        for logical_id in made:
            definition = plan.template.resources[logical_id]
            kind = self._catalog.find(definition.type)
            if kind is None:
                raise NotImplementedError(
                    f"The resource {logical_id} of the type {definition.type} is not emulated."
                )
            names = (name for name, value in definition.properties.items() if not _is_removed(value, scope))
            with suppress(ResourceError):  # the resource fails, with an event
                kind.check(logical_id, frozenset(names))
        return made

    # change sets

    def create_changes(
        self, name: str, plan: Plan, caller: Caller, change_set: str, **options: Any
    ) -> tuple[Stack, ChangeSet]:
        """Create a change set, and for a new stack the stack. Raises TemplateError, NotImplementedError."""
        kind = options["type"]
        with self._lock:
            if kind == "CREATE":
                stack = self._reviewed(name, plan)
            else:
                stack = self.find(name)
                _check_updatable(stack)
            if change_set in stack.change_sets:
                raise StackExistsError(f"ChangeSet {change_set} already exists")
        made = self._check(stack, plan, caller)
        before = None if kind == "CREATE" else stack.plan
        changes = resource_changes(before, plan, stack.resources, made)
        created = ChangeSet(
            id=self._new_arn("changeSet", change_set), name=change_set, plan=plan, changes=changes, **options
        )
        if before and not has_changes(before, plan):
            created.status, created.execution_status, created.reason = "FAILED", "UNAVAILABLE", _UNCHANGED
        if stack.id not in self.stacks:
            self.stacks[stack.id] = stack
            stack.set_status(REVIEW, "User Initiated")
        stack.change_sets[change_set] = created
        return stack, created

    def _reviewed(self, name: str, plan: Plan) -> Stack:
        """Return the stack of a change set that creates it."""
        for stack in self.stacks.values():
            if stack.name == name:
                if stack.status != REVIEW:
                    raise TemplateError(f"Stack [{name}] already exists and cannot be created again")
                return stack  # type: ignore[no-any-return]
        return Stack(self._new_arn("stack", name), name, plan, REVIEW)

    def find_changes(self, stack_name: str | None, change_set: str) -> tuple[Stack, ChangeSet]:
        """Return a change set by its ARN, or by its name and that of its stack.

        Raises ChangeSetNotFoundError, TemplateError.
        """
        stacks = [self.find(stack_name)] if stack_name else list(self.stacks.values())
        for stack in stacks:
            for each in list(stack.change_sets.values()):
                if each.id == change_set or (stack_name and each.name == change_set):
                    return stack, each
        raise ChangeSetNotFoundError(f"ChangeSet [{change_set}] does not exist")

    def execute_changes(
        self, stack: Stack, changes: ChangeSet, caller: Caller, *, rolls_back: bool, token: str | None
    ) -> None:
        """Begin what a change set describes. Raises InvalidChangeSetStatusError."""
        with self._lock:
            if changes.execution_status != "AVAILABLE":
                raise InvalidChangeSetStatusError(
                    f"ChangeSet [{changes.id}] cannot be executed in its current status of [{changes.status}]"
                )
            verb = "CREATE" if stack.status == REVIEW else "UPDATE"
            if verb == "UPDATE":
                _check_updatable(stack)
            changes.execution_status = "EXECUTE_COMPLETE"
            stack.change_sets = {changes.name: changes}
            stack.token = token
            if verb == "CREATE":
                stack.plan, stack.created = changes.plan, datetime.now(UTC)
                stack.on_failure = changes.on_failure or ("ROLLBACK" if rolls_back else "DO_NOTHING")
            stack.set_status(f"{verb}_IN_PROGRESS", "User Initiated")
        if verb == "CREATE":
            self._begin(stack, lambda operation: operation.create(), caller)
        else:
            rolls_back = rolls_back and changes.on_failure != "DO_NOTHING"
            self._begin(
                stack, lambda operation: operation.update(changes.plan, rolls_back=rolls_back), caller
            )

    def _new_arn(self, kind: str, name: str) -> str:
        prefix = f"arn:{self.partition}:cloudformation:{self.region_name}:{self.account_id}"
        return f"{prefix}:{kind}/{name}/{uuid.uuid4()}"


def stacks_of(account_id: str, region: str) -> StacksBackend:
    """Return CloudFormation of one account in one region."""
    backend: StacksBackend = cloudformation_backends[account_id][region]
    return backend


def _check_updatable(stack: Stack) -> None:
    if stack.status not in _UPDATABLE:
        raise TemplateError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def _is_removed(value: Any, scope: StackScope) -> bool:
    """Return whether a property is AWS::NoValue."""
    while isinstance(value, Mapping) and set(value) == {"Fn::If"}:
        name, when_true, when_false = value["Fn::If"]
        value = when_true if scope.condition(name) else when_false
    return bool(value == {"Ref": "AWS::NoValue"})
