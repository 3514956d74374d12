"""The credentials of function processes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.support.served.region import Region
from vpcache.lab.aws.iam.execution_sessions import ExecutionSessions


@pytest.mark.parametrize(
    ("function", "session"), [("f", "f@lambda_function"), ("fn", "fn"), ("f" * 64, "f" * 64)]
)
def test_session_of_a_function_has_a_name_of_two_characters_or_more(
    region: Region, role: Any, function: str, session: str
) -> None:
    credentials = ExecutionSessions().begin(role["Arn"], function)
    sts = boto3.client(
        "sts",
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
    )

    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/{role['RoleName']}/{session}")
