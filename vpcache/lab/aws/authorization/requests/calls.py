"""Calls to AWS's API, and the actions and resources that each needs to be authorized for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from vpcache.lab.aws.authorization.requests.reference import arn
from vpcache.lab.services.endpoint_requests import UsedEndpoint

_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
Values = tuple[str, ...]


def prefix_of(signing_name: str) -> str:
    """Return the prefix of a service's actions by its signing name."""
    return _PREFIXES.get(signing_name, signing_name)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call, with the parameters of AWS's model of the service."""

    service: str  # the prefix of its actions
    operation: str
    parameters: Mapping[str, Any]
    region: str
    account: str

    @property
    def action(self) -> str:
        """The action with the operation's name."""
        return f"{self.service}:{self.operation}"

    def arn(self, kind: str, *names: str) -> str:
        """Return the ARN of a resource of the service in the call's region and account."""
        return arn(self.service, kind, self.region, self.account, *names)

    def text(self, *names: str) -> str:
        """Return the first of several parameters that is given, as text; "" if none is."""
        return next((str(self.parameters[name]) for name in names if self.parameters.get(name)), "")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a call, and how: what its HTTP request has beside the operation and its parameters."""

    key_id: str = ""
    token: str = ""  # of temporary credentials
    address: str = ""
    user_agent: str = ""
    is_secure: bool = True  # TLS is used
    endpoint: UsedEndpoint | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An action on a resource, with the condition keys that only this target has (in lower case)."""

    action: str
    resource: str = "*"
    kind: str = ""  # resource type
    keys: Mapping[str, Values] = field(default_factory=dict)


class Directory(Protocol):
    """What the targets of a call depend on beside its parameters."""

    def joined(self, association_id: str) -> Values:
        """Return the IDs of the EC2 resources that an association or attachment joins."""
        ...

    def iam_arn(self, kind: str, name: str) -> str:
        """Return the ARN of a role, user, group or instance profile, with its path; "" if it is unknown."""
        ...

    def topic_of(self, subscription_arn: str) -> str:
        """Return the ARN of a subscription's topic, "" if it is unknown."""
        ...

    def subnets_of(self, group_name: str) -> Values:
        """Return the IDs of the subnets of a cache subnet group."""
        ...


def tags_in(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that a call assigns, by key."""
    tags: dict[str, str] = {}
    for name in ("Tags", "tags"):
        tags |= _tags(parameters.get(name))
    for specification in parameters.get("TagSpecifications") or ():
        tags |= _tags(specification.get("Tags"))
    return tags


def tag_keys_in(parameters: Mapping[str, Any]) -> Values:
    """Return the keys of the tags that a call assigns or removes."""
    removed = parameters.get("TagKeys") or parameters.get("tagKeys") or ()
    return tuple(dict.fromkeys([*tags_in(parameters), *removed]))


def _tags(value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(key): str(each or "") for key, each in value.items()}
    if not isinstance(value, list):
        return {}
    return {str(each["Key"]): str(each.get("Value") or "") for each in value if _is_tag(each)}


def _is_tag(value: Any) -> bool:
    return isinstance(value, Mapping) and "Key" in value


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
