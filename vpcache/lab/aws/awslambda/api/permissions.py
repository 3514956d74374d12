"""The Lambda API's handlers for resource-based policies."""

from __future__ import annotations

import json
import uuid

from moto.awslambda.exceptions import (
    GenericResourcNotFound,
    InvalidParameterValueException,
    UnknownFunctionException,
    UnknownPolicyException,
)
from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.awslambda.api.request import FunctionRequest
from vpcache.lab.aws.awslambda.errors import ResourceConflictError, ResourceNotFoundError
from vpcache.lab.aws.awslambda.function import check_revision
from vpcache.lab.aws.awslambda.policy import invalid_principal, statement
from vpcache.lab.functions.spec import LATEST


class PermissionsResponse(FunctionRequest):
    """Statements of resource-based policies."""

    def add_permission(self) -> ActionResult:
        """Answer AddPermission."""
        function, qualifier = self._function(), self._target.qualifier
        if qualifier == LATEST:
            raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")
        policy = function.policy(qualifier)
        name = self._get_param("StatementId")
        if any(each["Sid"] == name for each in policy.statements):
            raise ResourceConflictError(
                f"The statement id ({name}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        new_statement = statement(self.params, f"{function.arn}:{qualifier}" if qualifier else function.arn)
        if not self.backend.has_principal(self._get_param("Principal")):
            raise invalid_principal()
        expected = self._get_param("RevisionId")
        if policy.statements or expected != function.revision(qualifier):
            check_revision(policy.revision, expected, "GetPolicy")
        policy.statements.append(new_statement)
        policy.revision = str(uuid.uuid4())
        return ActionResult({"Statement": json.dumps(new_statement)})

    def get_policy(self) -> ActionResult:
        """Answer GetPolicy."""
        try:
            description = self._function().policy(self._target.qualifier).get_policy()
        except UnknownFunctionException as error:
            raise GenericResourcNotFound() from error
        return ActionResult({**description, "Policy": json.dumps(description["Policy"])})

    def remove_permission(self) -> ActionResult:
        """Answer RemovePermission."""
        try:
            function = self._function()
        except UnknownFunctionException as error:
            text = error.message.replace("Function not found", "No policy found for", 1)
            raise ResourceNotFoundError(text) from error
        policy, name = function.policy(self._target.qualifier), self._get_param("StatementId")
        if not policy.statements:
            raise UnknownPolicyException()
        if name not in (each["Sid"] for each in policy.statements):
            raise ResourceNotFoundError(f"Statement {name} is not found in resource policy.")
        check_revision(policy.revision, self._get_param("RevisionId"), "GetPolicy")
        policy.statements = [each for each in policy.statements if each["Sid"] != name]
        policy.revision = str(uuid.uuid4())
        return EmptyResult()
