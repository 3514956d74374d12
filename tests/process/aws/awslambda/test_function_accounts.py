"""Functions and callers of different accounts."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.process.aws.awslambda.test_lambda_errors import failure
from tests.support.served.functions import ARN, create
from tests.support.served.region import Region

CALLER = "210987654321"


@pytest.fixture
def foreign(region: Region, functions: Any) -> Any:
    """A client of another account than the function's."""
    create(functions)
    return boto3.client(
        "lambda",
        endpoint_url=functions.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=CALLER,
        aws_secret_access_key="secret",
    )


def permit(functions: Any, action: str, principal: str = CALLER, **options: Any) -> None:
    functions.add_permission(
        FunctionName="one", StatementId="other", Action=action, Principal=principal, **options
    )


def test_function_of_another_account_needs_a_permission(functions: Any, foreign: Any) -> None:
    error = failure(foreign.invoke, FunctionName=ARN)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert (
        f"user/lab is not authorized to perform: lambda:InvokeFunction on resource: {ARN}"
        in (error["Error"]["Message"])
    )
    permit(functions, "lambda:InvokeFunction")
    assert foreign.invoke(FunctionName=ARN)["StatusCode"] == 200
    assert failure(foreign.get_function, FunctionName=ARN)["Error"]["Code"] == "AccessDeniedException"
    assert failure(foreign.delete_function, FunctionName=ARN)["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(("user", "is_allowed"), [("lab", True), ("other", False)])
def test_permission_may_name_a_user_of_another_account(
    functions: Any, foreign: Any, user: str, is_allowed: bool
) -> None:
    permit(functions, "lambda:InvokeFunction", f"arn:aws:iam::{CALLER}:user/{user}")
    if is_allowed:
        assert foreign.invoke(FunctionName=ARN)["StatusCode"] == 200
    else:
        assert failure(foreign.invoke, FunctionName=ARN)["Error"]["Code"] == "AccessDeniedException"


def test_permission_with_a_condition_allows_no_direct_call(functions: Any, foreign: Any) -> None:
    permit(functions, "lambda:InvokeFunction", SourceAccount=CALLER)  # a key of requests by services only
    assert failure(foreign.invoke, FunctionName=ARN)["Error"]["Code"] == "AccessDeniedException"


def test_permitted_account_describes_and_changes_the_function(functions: Any, foreign: Any) -> None:
    permit(functions, "lambda:*")
    assert foreign.get_function(FunctionName=ARN)["Configuration"]["FunctionArn"] == ARN
    foreign.put_function_concurrency(FunctionName=ARN, ReservedConcurrentExecutions=3)
    foreign.tag_resource(Resource=ARN, Tags={"team": "blue"})
    described = functions.get_function(FunctionName="one")
    assert described["Concurrency"] == {"ReservedConcurrentExecutions": 3}
    assert described["Tags"] == {"team": "blue"}
    foreign.delete_function(FunctionName=ARN)
    assert failure(functions.get_function, FunctionName="one")["Error"]["Code"] == "ResourceNotFoundException"


def test_permission_with_a_condition_does_not_serve_an_account(functions: Any, foreign: Any) -> None:
    permit(functions, "lambda:InvokeFunction", "*", SourceAccount="111122223333")
    assert failure(foreign.invoke, FunctionName=ARN)["Error"]["Code"] == "AccessDeniedException"


def test_function_cannot_be_created_in_another_account(functions: Any) -> None:
    error = failure(create, functions=functions, name=f"arn:aws:lambda:us-east-1:{CALLER}:function:other")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"] == {"Code": "AccessDeniedException", "Message": None}
