"""The role of examples/nightly-role: its trust policy, and the permissions that the workflow requires."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.support.nightly.role import (
    AWS_ONLY,
    CHANGES,
    OPTIONS,
    ROLE,
    TOOLS,
    allowed_actions,
    denied_calls,
    needed_actions,
)
from tests.support.nightly.run import WORKFLOW, environment, scripts
from tests.support.nightly.service_authorization import (
    dependent_actions,
    uncovered_resource_types,
    unknown_actions,
    unknown_condition_keys,
)
from tests.support.paths import TESTS
from tests.support.terraform.attached import attached
from vpcache.stack.stack import Stack
from vpcache.terraform.runner import TerraformError

pytestmark = pytest.mark.lab

# the API calls of the commands in nightly.yml, recorded by tests.support.nightly.run --record
CALLS = json.loads((TESTS / "support/nightly/calls.json").read_text())
LONGEST_POLICY = 6144  # characters without white space
REPOSITORY = "octo-org/vpcache"
IDS = {"owner": "123456", "repository": "456789"}
ISSUER = "token.actions.githubusercontent.com"

UNNEEDED = {
    "autoscaling:DescribeAccountLimits",
    "cloudformation:DescribeAccountLimits",
    "dynamodb:DescribeLimits",
    "ecs:ListClusters",
    "ecs:ListContainerInstances",
    "ecs:ListServices",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeAccountLimits",
    "iam:GetAccountSummary",
    "kinesis:DescribeLimits",
    "lambda:PassCapacityProvider",
    "rds:DescribeAccountAttributes",
    "route53:AssociateVPCWithHostedZone",
    "route53:GetAccountLimit",
}
"""Dependent actions for features that no stack uses: ECS in flow logs, private DNS of interface endpoints,
Lambda managed instances, quotas of other services."""


@pytest.fixture
def github(target):
    """The account's only identity provider for GitHub Actions."""
    iam = target.client("iam")
    arn = iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture(scope="module")
def attached_target(target):
    """The target, with one provider process for all stacks of the role."""
    with attached(target, ROLE) as with_provider:
        yield with_provider


@pytest.fixture
def new_stack(attached_target, tmp_path):
    """Create stacks of the role's root module; destroy them after the test."""
    stacks = []

    def create(**variables) -> Stack:
        stacks.append(
            Stack(
                name=f"nightly-{secrets.token_hex(4)}",
                environment_dir=ROLE,
                target=attached_target,
                work_dir=tmp_path,
                variables={"repository": REPOSITORY} | variables,
                temporary=True,
            )
        )
        stacks[-1].init()
        return stacks[-1]

    yield create
    for stack in stacks:
        assert stack.destroy() == []


def _conditions(iam, stack):
    role = iam.get_role(RoleName=stack.name)["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    (operator,) = trust["Condition"]
    assert operator == "StringEquals"
    return trust["Principal"]["Federated"], trust["Condition"][operator]


def test_role_trusts_one_workflow_and_limits_each_statement(github, new_stack, target):
    stack = new_stack()
    stack.apply()
    plan = stack.plan()
    assert plan.is_empty, plan.text
    assert stack.outputs()["role_arn"].endswith(f":role/{stack.name}")

    iam = target.client("iam")
    by_name = f"repo:{REPOSITORY}:environment:nightly"
    workflow = f"{REPOSITORY}/.github/workflows/nightly.yml@refs/heads/main"
    names = {
        f"{ISSUER}:aud": "sts.amazonaws.com",
        f"{ISSUER}:sub": [by_name],
        f"{ISSUER}:job_workflow_ref": workflow,
    }
    assert _conditions(iam, stack) == (github, names)

    documents = _documents(iam, stack.name)
    sizes = [len(json.dumps(document, separators=(",", ":"))) for document in documents]
    assert len(documents) <= 10  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert max(sizes) <= LONGEST_POLICY
    statements = [statement for document in documents for statement in document["Statement"]]
    actions = {action for statement in statements for action in statement["Action"]}
    assert actions == allowed_actions()
    assert not [action for action in actions if "*" in action]
    _assert_limited(statements)
    _assert_known_to_aws(statements, actions, target)

    stack = stack.with_variables(ids=IDS)
    stack.apply()
    by_id = "repo:octo-org@123456/vpcache@456789:environment:nightly"
    ids = {f"{ISSUER}:sub": [by_name, by_id], f"{ISSUER}:repository_id": "456789"}
    assert _conditions(iam, stack) == (github, names | ids)


def _documents(iam, role):
    policies = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return [
        iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
        for policy in policies
    ]


def _assert_limited(statements):
    """Check that statements are limited by a name or tag prefix, read only, or listed in the README."""
    for statement in statements:
        condition = json.dumps(statement.get("Condition", {}))
        is_prefixed = "vpcache-ci-" in condition or all(
            "vpcache-ci-" in resource for resource in statement["Resource"]
        )
        is_read_only = all(re.search(":(Describe|List|Get|GET$)", action) for action in statement["Action"])
        is_listed = statement["Sid"] in {
            "CreateNetworkInterfaces",
            "ElastiCacheServiceLinkedRole",
            "ManageStateBucket",
            "ReleaseUntaggedResources",
            "TagOnCreate",
            "Unsubscribe",
        }
        assert is_prefixed or is_read_only or is_listed, statement


def _assert_known_to_aws(statements, actions, target):
    assert unknown_actions(actions) == set()
    assert unknown_condition_keys(statements) == []
    assert uncovered_resource_types(statements, target.account(), target.region) == []
    dependent = {dependent for action in actions for dependent in dependent_actions(action)}
    assert dependent - UNNEEDED <= actions


def test_role_matches_ci_stacks_only():
    found = re.search(r'default\s+= "(vpcache-[^"]*)"', (ROLE / "variables.tf").read_text())
    assert found is not None
    default = found[1]
    assert "vpcache-ci-nightly".startswith(default)
    assert not any(f"vpcache-{environment}".startswith(default) for environment in ("dev", "prod"))


def test_identity_provider_is_created_only_on_request(new_stack, target):
    stack = new_stack(create_oidc_provider=True)
    assert "aws_iam_openid_connect_provider.github[0]" in stack.changes(stack.plan())
    with pytest.raises(TerraformError, match=r"(?i)openid|oidc"):
        stack.with_variables(create_oidc_provider=False).plan()
    with pytest.raises(ClientError):
        target.client("iam").get_role(RoleName=stack.name)


def test_role_allows_exactly_the_nightly_actions():
    assert needed_actions(CALLS) | AWS_ONLY | CHANGES | OPTIONS | TOOLS == allowed_actions()


def test_nightly_run_executes_the_workflows_tasks_in_order():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    tasks = [task for script in scripts(workflow) for task in re.findall(r"\./inv (\S+)", script)]
    assert tasks == ["apply", "verify", "drill", "test", "destroy", "sweep", "sweep"]
    settings = environment(workflow, "http://127.0.0.1:1")
    assert (settings["AWS_REGION"], settings["STACK"]) == ("us-east-1", "vpcache-ci-nightly")
    assert settings["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_jobs_install_first_and_end_before_their_credentials():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    with_role = [job for job in jobs if job["permissions"].get("id-token")]
    assert len(with_role) == 2
    for job in with_role:
        steps = job["steps"]
        assumed = next(
            number for number, step in enumerate(steps) if "role-to-assume" in step.get("with", {})
        )
        prepared = next(at for at, step in enumerate(steps) if "prepare" in step.get("uses", ""))
        assert prepared < assumed
        seconds = steps[assumed]["with"]["role-duration-seconds"]
        assert job["timeout-minutes"] * 60 < seconds <= 4 * 3600
        assert job["environment"] == "nightly"
        assert "sysctl" not in json.dumps(job)


def test_denied_calls_name_the_missing_action():
    calls = {"ec2:CreateVpc": 1, "s3:HeadBucket": 2, "monitoring:DeleteDashboards": 3}
    assert denied_calls(calls) == {"monitoring:DeleteDashboards": {"cloudwatch:DeleteDashboards"}}
    assert denied_calls(dict.fromkeys(CALLS, 1)) == {}


@pytest.mark.parametrize("statement", ["action", "key", "resource"])
def test_reference_detects_invalid_statements(statement):
    statements: dict[str, dict[str, Any]] = {
        "action": {"Action": ["ec2:CreateRouter"], "Resource": ["*"]},
        "key": {
            "Action": ["ec2:CreateVpc"],
            "Resource": ["*"],
            "Condition": {"StringLike": {"aws:RequestTags/Stack": "vpcache-ci-*"}},
        },
        "resource": {
            "Action": ["ec2:DetachNetworkInterface"],
            "Resource": ["arn:aws:ec2:us-east-1:1:network-interface/*"],
        },
    }
    invalid = statements[statement]
    found = {
        "action": unknown_actions(invalid["Action"]),
        "key": unknown_condition_keys([invalid]),
        "resource": uncovered_resource_types([invalid], "1", "us-east-1"),
    }
    assert found["action"] == ({"ec2:CreateRouter"} if statement == "action" else set())
    assert found["key"] == (["ec2:CreateVpc: aws:RequestTags/Stack"] if statement == "key" else [])
    assert found["resource"] == (["ec2:DetachNetworkInterface: instance"] if statement == "resource" else [])


def test_role_that_could_modify_itself_is_refused(new_stack):
    with pytest.raises(TerraformError, match="or the role could change itself"):
        new_stack(create_oidc_provider=True).with_variables(name="vpcache-ci-nightly").plan()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"ids": {"owner": "octo-org", "repository": "456789"}}, "each must be digits only"),
        ({"github_environment": "night ly"}, "GitHub escapes others"),
    ],
)
def test_impossible_claims_are_refused(variables, reason, new_stack):
    with pytest.raises(TerraformError, match=reason):
        new_stack(create_oidc_provider=True).with_variables(**variables).plan()
