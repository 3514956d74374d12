"""The curl command of a front door."""

import shlex

from vpcache.front_door import FrontDoor
from vpcache.stack.target import aws_target, lab_target

URL = "https://abc.lambda-url.eu-west-1.on.aws/"
KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


def test_curl_of_a_lab_connects_to_its_port():
    target = lab_target("http://127.0.0.1:4600", {}, region="eu-west-1")
    assert FrontDoor(target, URL).curl("/employees") == (
        "curl -i --connect-to ::127.0.0.1:4600 --aws-sigv4 aws:amz:eu-west-1:lambda --user lab:lab "
        "http://abc.lambda-url.eu-west-1.on.aws/employees"
    )


def test_curl_on_aws_takes_the_credentials_of_the_shell():
    words = shlex.split(FrontDoor(aws_target(KEYS, region="eu-west-1"), URL).curl("/employees"))
    assert words[-1] == "https://abc.lambda-url.eu-west-1.on.aws/employees"
    assert "--connect-to" not in words
    assert {"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY", "x-amz-security-token: $AWS_SESSION_TOKEN"} <= {
        *words
    }
