"""Members, order and wording of Lambda's answers that its model does not contain."""

from __future__ import annotations

from typing import Any

import pytest

from tests.process.aws.awslambda.test_lambda_errors import failure
from tests.support.served.functions import ARN, create, zipped
from tests.support.served.region import Region
from vpcache.lab.aws.awslambda.packages.code import check_request_size


def test_deletion_has_the_status_204(functions: Any) -> None:
    create(functions, Publish=True)
    for qualifier in ({"Qualifier": "1"}, {}):
        deleted = functions.delete_function(FunctionName="one", **qualifier)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == deleted["StatusCode"] == 204


def test_latest_version_is_refused_before_the_function_is_sought(functions: Any) -> None:
    error = failure(functions.delete_function, FunctionName="none", Qualifier="$LATEST")
    assert error["Error"]["Code"] == "InvalidParameterValueException"
    assert "$LATEST version cannot be deleted" in error["message"]


def test_weighted_alias_describes_its_first_version(functions: Any) -> None:
    create(functions, Publish=True)
    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"), Publish=True)
    functions.create_alias(
        FunctionName="one",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    for call in (
        functions.get_function_configuration,
        lambda **by: functions.get_function(**by)["Configuration"],
    ):
        assert call(FunctionName="one", Qualifier="live")["Version"] == "1"
    assert functions.invoke(FunctionName="one", Qualifier="live")["ExecutedVersion"] == "2"


def test_security_groups_are_checked_before_subnets(functions: Any) -> None:
    network = {"SubnetIds": ["subnet-00000000"], "SecurityGroupIds": ["sg-00000000"]}
    error = failure(create, functions=functions, VpcConfig=network)
    assert "DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound" in error["message"]


def test_change_of_tags_changes_the_revision(functions: Any) -> None:
    create(functions)
    revisions = []
    for change, argument in (
        (functions.tag_resource, {"Tags": {"a": "1"}}),
        (functions.tag_resource, {"Tags": {"a": "2"}}),
        (functions.untag_resource, {"TagKeys": ["a"]}),
    ):
        change(Resource=ARN, **argument)
        revisions.append(functions.get_function(FunctionName="one")["Configuration"]["RevisionId"])
    assert len(set(revisions)) == 3


def test_few_errors_have_no_type(functions: Any) -> None:
    create(functions, Publish=True)
    for call, arguments in (
        (functions.put_function_concurrency, {"ReservedConcurrentExecutions": 950}),
        (
            functions.create_alias,
            {
                "Name": "live",
                "FunctionVersion": "$LATEST",
                "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}},
            },
        ),
    ):
        error = failure(call, FunctionName="one", **arguments)
        assert error["Error"]["Code"] == "InvalidParameterValueException"
        assert error["message"] == error["Error"]["Message"] != ""
        assert "Type" not in error


def test_values_are_listed_in_the_order_of_aws(functions: Any) -> None:
    create(functions)
    for call, argument, values in (
        (
            functions.create_function_url_config,
            {"AuthType": "NONE", "InvokeMode": "X"},
            "RESPONSE_STREAM, BUFFERED",
        ),
        (functions.put_function_recursion_config, {"RecursiveLoop": "X"}, "Terminate, Allow"),
        (
            functions.create_event_source_mapping,
            {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:q", "StartingPosition": "X"},
            "LATEST, AT_TIMESTAMP, TRIM_HORIZON",
        ),
    ):
        error = failure(call, FunctionName="one", **argument)
        assert f"Member must satisfy enum value set: [{values}]" in error["Error"]["Message"]


def test_arn_that_cannot_be_tagged_is_refused_by_the_pattern(functions: Any) -> None:
    error = failure(functions.tag_resource, Resource=f"{ARN}:live:more", Tags={"a": "b"})
    assert error["Error"]["Code"] == "ValidationException"
    assert "layer:([a-zA-Z0-9-_]+)|code-signing-config" in error["Error"]["Message"]


@pytest.mark.parametrize(
    ("destinations", "shown"),
    [
        (
            {"OnSuccess": "arn:aws:ec2:us-east-1:123456789012:x"},
            "onSuccess=OnSuccess(destination={0}), onFailure=null",
        ),
        (
            {"OnFailure": "arn:aws:sqs:us-east-1:123456789012:q.fifo"},
            "onSuccess=null, onFailure=OnFailure(destination={0})",
        ),
    ],
)
def test_invalid_destination_is_shown(functions: Any, destinations: dict[str, str], shown: str) -> None:
    create(functions)
    config = {outcome: {"Destination": arn} for outcome, arn in destinations.items()}
    error = failure(functions.put_function_event_invoke_config, FunctionName="one", DestinationConfig=config)
    text = shown.format(*destinations.values())
    assert error["message"] == f"The provided destination config DestinationConfig({text}) is invalid."


def test_first_permission_may_require_the_revision_of_its_alias(functions: Any) -> None:
    create(functions, Publish=True)
    alias = functions.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    permission = {
        "FunctionName": "one",
        "Qualifier": "live",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    wrong = failure(functions.add_permission, **permission, StatementId="a", RevisionId="wrong")
    assert wrong["Error"]["Code"] == "PreconditionFailedException"
    functions.add_permission(**permission, StatementId="a", RevisionId=alias["RevisionId"])
    later = failure(functions.add_permission, **permission, StatementId="b", RevisionId=alias["RevisionId"])
    assert later["Error"]["Code"] == "PreconditionFailedException"


def test_user_of_the_account_may_be_permitted(region: Region, functions: Any) -> None:
    create(functions)
    user = region.client("sts").get_caller_identity()["Arn"]
    added = functions.add_permission(
        FunctionName="one", StatementId="a", Action="lambda:InvokeFunction", Principal=user
    )
    assert f'"AWS": "{user}"' in added["Statement"]


def test_large_request_is_refused_unless_its_zip_file_is_too_large(functions: Any) -> None:
    large = {"Variables": {"LARGE": "a" * (71 << 20)}}
    error = failure(create, functions=functions, Environment=large)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert error["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    }
    check_request_size(71 << 20, 51 << 20, "CreateFunction")
