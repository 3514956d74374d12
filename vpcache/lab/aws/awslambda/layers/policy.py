"""Policies of layer versions: which accounts may use them.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.awslambda.errors import ResourceConflictError, ResourceNotFoundError
from vpcache.lab.aws.awslambda.policy import Statement, statement


def layer_statement(parameters: Mapping[str, Any], arn: str) -> Statement:
    """Return the statement of AddLayerVersionPermission's `parameters` for the version with this ARN."""
    condition = {"PrincipalOrgID": parameters.get("OrganizationId")}
    return statement({**parameters, **condition}, arn)


class LayerPolicy:
    """The policy of one version."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.revision = ""

    def add(self, new: Statement) -> None:
        """Add a statement. Raises ResourceConflictError if its name is taken."""
        name = new["Sid"]
        if any(each["Sid"] == name for each in self.statements):
            raise ResourceConflictError(
                f"The statement id ({name}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        self._replace([*self.statements, new])

    def remove(self, name: str) -> None:
        """Remove a statement. Raises ResourceNotFoundError."""
        if name not in (each["Sid"] for each in self.statements):
            raise ResourceNotFoundError(f"Statement {name} is not found in resource policy.")
        self._replace([each for each in self.statements if each["Sid"] != name])

    def _replace(self, statements: list[Statement]) -> None:
        self.statements = statements
        self.revision = str(uuid.uuid4())

    @property
    def document(self) -> dict[str, Any]:
        """The policy's document. Raises ResourceNotFoundError if there are no statements."""
        if not self.statements:
            raise ResourceNotFoundError("No policy is associated with the given resource.")
        return {"Version": "2012-10-17", "Id": "default", "Statement": self.statements}

    def allows(self, account: str) -> bool:
        """Return whether an account may use the version; the lab's accounts are in no organization."""
        principals = ("*", {"AWS": f"arn:aws:iam::{account}:root"})
        return any(each["Principal"] in principals and "Condition" not in each for each in self.statements)
