"""Functions with their versions and aliases, and the store that finds them by name or ARN."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from moto.awslambda.exceptions import (
    FunctionAlreadyExists,
    InvalidParameterValueException,
    PreconditionFailedException,
    UnknownAliasException,
    UnknownFunctionException,
)
from moto.awslambda.policy import Policy

from vpcache.lab.aws.awslambda.aliases import Alias
from vpcache.lab.aws.awslambda.config.event_config import EventConfig
from vpcache.lab.aws.awslambda.config.url_config import FunctionUrlConfig
from vpcache.lab.aws.awslambda.errors import ResourceConflictError
from vpcache.lab.aws.awslambda.names import FunctionName, function_arn, parse
from vpcache.lab.aws.awslambda.version import FunctionVersion
from vpcache.lab.functions.spec import LATEST

Configuration = dict[str, Any]
"""A version's configuration as the API shows it."""


class Function:
    """A function: $LATEST, its published versions, its aliases and its settings."""

    def __init__(self, latest: FunctionVersion) -> None:
        self.latest = latest
        self.reserved: int | None = None  # concurrent invocations; None: no reservation
        self._versions: dict[str, FunctionVersion] = {}
        self._aliases: dict[str, Alias] = {}
        self.event_configs: dict[str, EventConfig] = {}  # by qualifier, "$LATEST" for the function itself
        self.url_configs: dict[str, FunctionUrlConfig] = {}  # by alias, "$LATEST" for the function itself
        self._policies: dict[str, Policy] = {}
        self._last_number = 0  # of all versions ever published
        self._last_published: tuple[FunctionVersion, dict[str, Any]] | None = None  # with its content

    @property
    def arn(self) -> str:
        """The function's ARN, without a version."""
        return self.latest.base_arn

    @property
    def versions(self) -> list[FunctionVersion]:
        """$LATEST and the published versions, oldest first."""
        return [self.latest, *self._versions.values()]

    @property
    def aliases(self) -> list[Alias]:
        """The aliases, sorted by name."""
        return sorted(dict(self._aliases).values(), key=lambda each: each.name)

    def version(self, qualifier: str) -> FunctionVersion:
        """Return a version by its number, "$LATEST" or an alias, whose weights do not count.

        Raises UnknownFunctionException.
        """
        alias = self._aliases.get(qualifier)
        return self._numbered(alias.version if alias else qualifier, qualifier)

    def routed(self, qualifier: str) -> FunctionVersion:
        """Return the version for an invocation, as `version`; an alias chooses by weight."""
        alias = self._aliases.get(qualifier)
        return self._numbered(alias.choose() if alias else qualifier, qualifier)

    def _numbered(self, number: str, qualifier: str) -> FunctionVersion:
        version = self.latest if number == LATEST else self._versions.get(number)
        if not version:
            raise UnknownFunctionException(f"{self.arn}:{qualifier}")
        return version

    def publish(self, description: str | None = None) -> FunctionVersion:
        """Publish $LATEST and return the new version, or the last version if nothing has changed since."""
        content = self.latest.content()
        if self._last_published:
            last, last_content = self._last_published
            if last_content == content and last in self._versions.values():
                return last
        self._last_number += 1
        version = self.latest.published(self._last_number, description)
        self._versions[str(self._last_number)] = version
        self._last_published = version, content
        return version

    def delete_version(self, number: str) -> FunctionVersion | None:
        """Delete a published version and return it, None if it does not exist.

        Raises ResourceConflictError if an alias references it, InvalidParameterValueException for aliases.
        """
        users = [alias.name for alias in self._aliases.values() if number in alias.versions]
        if users:
            raise ResourceConflictError(
                f"Version {number} of {self.arn} is still being referenced by: {', '.join(users)}. "
                "Please remove all aliases and try again."
            )
        if number in self._aliases:
            raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
        return self._versions.pop(number, None)

    def alias(self, name: str) -> Alias:
        """Return an alias. Raises UnknownAliasException."""
        if name not in self._aliases:
            raise UnknownAliasException(f"{self.arn}:{name}")
        return self._aliases[name]

    def qualified(self, qualifier: str | None) -> str | None:
        """Return the qualifier of a policy. Raises LambdaClientError if it is neither version nor alias."""
        if (
            qualifier
            and qualifier not in self._aliases
            and re.fullmatch("[a-zA-Z_-][a-zA-Z0-9_-]*", qualifier)
        ):
            raise UnknownAliasException(f"{self.arn}:{qualifier}")
        if qualifier:
            self.version(qualifier)
        return qualifier

    def revision(self, qualifier: str | None) -> str:
        """Return the revision of the function, a version or an alias, which a policy has before its first
        statement. Raises UnknownFunctionException.
        """
        name = qualifier or LATEST
        return self._aliases[name].revision_id if name in self._aliases else self.version(name).revision_id

    def add_alias(self, alias: Alias) -> None:
        """Add an alias. Raises ResourceConflictError if its name is taken."""
        if alias.name in self._aliases:
            raise ResourceConflictError(f"Alias already exists: {self.arn}:{alias.name}")
        self.put_alias(alias)

    def put_alias(self, alias: Alias) -> None:
        """Create or replace an alias. Raises UnknownFunctionException if its version does not exist."""
        for number in alias.versions:
            if number != LATEST and number not in self._versions:
                raise UnknownFunctionException(f"{self.arn}:{number}")
        self._aliases[alias.name] = alias

    def delete_alias(self, name: str) -> None:
        """Delete an alias, if it exists, with its settings."""
        self._aliases.pop(name, None)
        self._policies.pop(name, None)
        self.event_configs.pop(name, None)
        self.url_configs.pop(name, None)

    def policy(self, qualifier: str | None) -> Policy:
        """Return the resource-based policy of the function, a version or an alias."""
        return self._policies.setdefault(self.qualified(qualifier) or LATEST, Policy(self.latest))


class FunctionStore:
    """The functions of one region. It also implements the methods that moto calls on its own store."""

    def __init__(self, region: str, account: str) -> None:
        self._region = region
        self._account = account
        self._functions: dict[str, Function] = {}

    def __iter__(self) -> Iterator[Function]:
        return iter(sorted(dict(self._functions).values(), key=lambda each: each.arn))

    def parse(self, text: str, qualifier: str | None = None) -> FunctionName:
        """Return the function name and qualifier of a name or ARN. Raises LambdaClientError."""
        return parse(text, qualifier, self._region, self._account)

    def find(self, text: str, qualifier: str | None = None) -> Function:
        """Return a function by name or ARN. Raises UnknownFunctionException."""
        name = self.parse(text, qualifier)
        if name.name not in self._functions:
            raise UnknownFunctionException(
                function_arn(self._region, self._account, name.name, name.qualifier)
            )
        return self._functions[name.name]

    def find_unqualified(self, text: str, shown: str | None = None) -> Function:
        """Return a function by name or ARN without qualifier. Raises LambdaClientError.

        `shown` is the qualifier that AWS's error names if the function does not exist.
        """
        if self.parse(text).qualifier:
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support "
                "this operation. Please specify either a function name or an unqualified function ARN."
            )
        return self.find(f"{text}:{shown}" if shown else text)

    def resolve(self, text: str, qualifier: str | None = None) -> FunctionVersion:
        """Return a version of a function by name or ARN. Raises UnknownFunctionException."""
        return self.find(text, qualifier).version(self.parse(text, qualifier).version)

    def add(self, latest: FunctionVersion) -> Function:
        """Add a function. Raises FunctionAlreadyExists."""
        if latest.function_name in self._functions:
            raise FunctionAlreadyExists(latest.function_name)
        self._functions[latest.function_name] = Function(latest)
        return self._functions[latest.function_name]

    def remove(self, function: Function) -> None:
        """Remove a function."""
        del self._functions[function.latest.function_name]

    # called by moto's backend

    def get_function_by_name_or_arn_with_qualifier(
        self, name_or_arn: str, qualifier: str | None = None
    ) -> FunctionVersion:
        """Return the version with a qualifier."""
        return self.resolve(name_or_arn, qualifier)

    def get_function_by_name_or_arn_forbid_qualifier(self, name_or_arn: str) -> FunctionVersion:
        """Return $LATEST."""
        return self.find_unqualified(name_or_arn).latest

    def get_arn(self, arn: str) -> FunctionVersion:
        """Return the version with an ARN."""
        return self.resolve(arn)

    def latest(self) -> list[FunctionVersion]:
        """Return $LATEST of each function."""
        return [each.latest for each in self]


def configurations(function: Function) -> list[Configuration]:
    """Return the function's configuration, then those of its versions under their qualified ARNs, for "
    "lists."""
    return [
        function.latest.listed_configuration(),
        *(
            each.listed_configuration() | {"FunctionArn": f"{function.arn}:{each.version}"}
            for each in function.versions
        ),
    ]


def check_revision(current: str, expected: str | None, source: str = "GetFunction/GetAlias") -> None:
    """Raise PreconditionFailedException if the caller expects another revision than the current one.

    `source` is the operation that returns the current one.
    """
    if expected and expected != current:
        raise PreconditionFailedException(
            f"The Revision Id provided does not match the latest Revision Id. Call the {source} API to "
            "retrieve the latest Revision Id"
        )
