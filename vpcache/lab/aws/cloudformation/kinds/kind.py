"""What CloudFormation knows of a type of resources."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError
from vpcache.lab.aws.cloudformation.model import Made

_SUFFIX = 12
_POLL_SECONDS = 0.05
_WAIT_SECONDS = 120.0  # for a state; the lab's are much shorter than AWS's


@dataclass(frozen=True)
class Request:
    """What a kind needs to create or to change a resource."""

    calls: Calls
    stack: str
    logical_id: str
    properties: Mapping[str, Any]  # resolved
    stack_tags: Mapping[str, str]
    account: str
    record: Callable[[Made], Made]
    """Remembers what a creation has made so far, and returns it: a failure after it deletes that."""

    def get(self, *names: str) -> dict[str, Any]:
        """Return the properties of these names that are set."""
        return {name: self.properties[name] for name in names if name in self.properties}

    def tags(self) -> list[dict[str, str]]:
        """Return the tags of the resource and those of the stack; the resource's own come first."""
        own = {each["Key"]: each["Value"] for each in self.properties.get("Tags") or ()}
        return [{"Key": key, "Value": str(value)} for key, value in (dict(self.stack_tags) | own).items()]

    def name(self, limit: int = 255) -> str:
        """Return a new physical name, such as "stack-Role-4ZK1XN0Q7PAB".

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
        """
        alphabet = string.ascii_uppercase + string.digits
        suffix = "".join(secrets.choice(alphabet) for _ in range(_SUFFIX))
        return f"{f'{self.stack}-{self.logical_id}'[: limit - _SUFFIX - 1]}-{suffix}"


Create = Callable[[Request], Made]
Update = Callable[[Request, Made, frozenset[str]], Made]
Delete = Callable[[Calls, Made, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Kind:
    """A type of resources.

    `delete` gets what was made and the properties. `update` gets the names of the changed properties; it is
    called if all of them are in `updatable`. Other changes replace the resource.
    """

    type: str
    properties: frozenset[str] | None  # None if only the creation shows which ones are honoured
    create: Create
    delete: Delete
    updatable: frozenset[str] = frozenset()
    update: Update | None = None
    required: tuple[str, ...] = ()
    name_property: str | None = None  # which gives the resource a name of the user's choice
    refused: frozenset[str] = frozenset()  # properties

    def check(self, logical_id: str, names: frozenset[str]) -> None:
        """Raise NotImplementedError for a property that is not honoured, ResourceError for a missing one."""
        unknown = self.refused & names if self.properties is None else names - self.properties
        for name in sorted(unknown):
            raise NotImplementedError(f"The property {name} of {logical_id} ({self.type}) is not emulated.")
        for name in self.required:
            if name not in names:
                raise ResourceError(f"Model validation failed (#: required key [{name}] not found)")


def wait_for(state: Callable[[], str], wanted: str, failures: tuple[str, ...] = ()) -> None:
    """Wait until a resource has a state. Raises ResourceError if it has failed or takes too long."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while (current := state()) != wanted:
        if current in failures:
            raise ResourceError(f"The resource did not stabilize: its state is {current}")
        if time.monotonic() > deadline:
            raise ResourceError(f"Exceeded attempts to wait: the state is {current}, not {wanted}")
        time.sleep(_POLL_SECONDS)


def update_tags(request: Request, made: Made, changed: frozenset[str]) -> Made:
    """Change the tags of one of EC2's resources to those of the template."""
    filters = [{"Name": "resource-id", "Values": [made.id]}]
    current = request.calls("ec2", "DescribeTags", Filters=filters)["Tags"]
    wanted = request.tags()
    keys = {each["Key"] for each in wanted}
    gone = [{"Key": each["Key"]} for each in current if each["Key"] not in keys]
    if gone:
        request.calls("ec2", "DeleteTags", Resources=[made.id], Tags=gone)
    if wanted:
        request.calls("ec2", "CreateTags", Resources=[made.id], Tags=wanted)
    return made


def tag_specifications(kind: str, request: Request) -> list[dict[str, Any]] | None:
    """Return the tags of a new resource of EC2 as its API takes them, None without tags."""
    tags = request.tags()
    return [{"ResourceType": kind, "Tags": tags}] if tags else None
