"""Permissions, network access and secrets."""

import json
import re
import subprocess
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.stack.state import read_state

# access keys of AWS and private keys
SECRETS = re.compile(
    rb"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY"
    rb"|aws_secret_access_key\"?\s*[=:]\s*\"?[A-Za-z0-9/+]{40}",
    re.IGNORECASE,
)


def test_default_security_group_has_no_rules(target, outputs):
    (group,) = target.client("ec2").describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [outputs["vpc_id"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    assert group["IpPermissions"] == group["IpPermissionsEgress"] == []


def test_role_of_the_cached_api_has_least_privilege(target, outputs):
    name, iam = outputs["cached_api"], target.client("iam")
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy_name,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
    allowed = {
        statement["Sid"]: (set(statement["Action"]), statement["Resource"])
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert set(allowed) == {"Logs", "NetworkInterfaces"}
    actions, resources = allowed["Logs"]
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert [resource.split(":", 5)[5] for resource in resources] == [f"log-group:/aws/lambda/{name}:*"]
    actions, _ = allowed["NetworkInterfaces"]
    (denied,) = [statement for statement in policy["Statement"] if statement["Effect"] == "Deny"]
    assert set(denied["Action"]) == actions
    arn, versions = denied["Condition"]["ArnLike"]["lambda:SourceFunctionArn"]
    assert arn.endswith(f":function:{name}")
    assert versions == f"{arn}:*"


def test_only_lambda_can_assume_the_role(target, outputs):
    role = target.client("iam").get_role(RoleName=outputs["cached_api"])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_state_logs_and_bundles_contain_no_secrets(target, stack, outputs):
    found = {"state": SECRETS.findall(read_state(target, stack.state).encode())}
    logs = sorted((stack.work_dir / "logs").iterdir())
    assert any(log.stat().st_size for log in logs)
    for log in logs:
        found[log.name] = SECRETS.findall(log.read_bytes())
    for path in {Path(bundle["path"]) for bundle in stack.variables["bundles"].values()}:
        with zipfile.ZipFile(stack.environment_dir / path) as bundle:
            for member in bundle.namelist():
                found[member] = SECRETS.findall(bundle.read(member))
    assert {source: secrets for source, secrets in found.items() if secrets} == {}


def test_repository_contains_no_secrets():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in files.decode().split("\0") if name]
    assert len(paths) > 100
    found = {
        str(path): SECRETS.findall(path.read_bytes())
        for path in paths
        if path.is_file() and path != Path(__file__)
    }
    assert {source: secrets for source, secrets in found.items() if secrets} == {}


def test_secret_pattern_matches_secrets():
    for secret in (
        b"AKIAABCDEFGHIJKLMNOP",
        b"-----BEGIN RSA PRIVATE KEY-----",
        b'"aws_secret_access_key": "' + b"x" * 40,
    ):
        assert SECRETS.search(secret)


@pytest.mark.lab
def test_lab_listens_on_loopback_only(lab):
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{lab.port:04X}")
    ]
    assert listening == [f"0100007F:{lab.port:04X}"]


@pytest.mark.lab
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example:80"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("path", ["/_lab/status", "/?Action=DescribeVpcs&Version=2016-11-15"])
def test_lab_refuses_requests_of_other_origins(lab, headers, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(urllib.request.Request(lab.endpoint + path, headers=headers), timeout=5)
    assert refused.value.code == 403
    with opener.open(urllib.request.Request(f"{lab.endpoint}/_lab/status"), timeout=5) as answer:
        assert json.load(answer)["pid"]
