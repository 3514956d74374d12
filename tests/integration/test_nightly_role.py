"""The role of examples/nightly-role: it applies, and allows what the nightly does and nothing else."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import pytest
from nightly_role import ROLE, UNSEEN, allowed_actions, needed_actions

from vpcache.stack import Stack
from vpcache.terraform import TerraformError

pytestmark = pytest.mark.lab

# the calls of the commands in nightly.yml and of its suite, made against a lab: what its /_lab/calls told
CALLS = json.loads(Path(__file__).with_name("nightly_calls.json").read_text())
LONGEST_POLICY = 6144  # characters but for white space
REPOSITORY = "octo-org/vpcache"


@pytest.fixture
def new_stack(target, tmp_path):
    """Return the role's root module as a stack that is destroyed at the end."""
    made = []

    def make(**variables) -> Stack:
        made.append(
            Stack(
                name=f"nightly-{secrets.token_hex(4)}",
                environment_dir=ROLE,
                target=target,
                work_dir=tmp_path,
                variables={"repository": REPOSITORY} | variables,
                temporary=True,
            )
        )
        made[-1].init()
        return made[-1]

    yield make
    for stack in made:
        assert stack.destroy() == []


def test_it_applies_and_allows_by_name_and_tag_alone(new_stack, target):
    stack = new_stack()
    stack.apply()
    plan = stack.plan()
    assert plan.is_empty, plan.text
    assert stack.outputs()["role_arn"].endswith(f":role/{stack.name}")

    iam = target.client("iam")
    role = iam.get_role(RoleName=stack.name)["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": f"repo:{REPOSITORY}:ref:refs/heads/main",
    }
    attached = iam.list_attached_role_policies(RoleName=stack.name)["AttachedPolicies"]
    documents = [
        iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
        for policy in attached
    ]
    assert len(documents) == 4
    assert all(len(json.dumps(document).replace(" ", "")) <= LONGEST_POLICY for document in documents)
    statements = [statement for document in documents for statement in document["Statement"]]
    actions = {action for statement in statements for action in statement["Action"]}
    assert actions == allowed_actions()
    assert not [action for action in actions if "*" in action]
    for statement in statements:
        is_limited = "Condition" in statement or all("vpcache-" in each for each in statement["Resource"])
        only_looks = all(re.search(":(Describe|List)", action) for action in statement["Action"])
        assert is_limited or only_looks or statement["Sid"] == "LetGo", statement


def test_it_allows_what_the_nightly_calls_and_nothing_else():
    assert needed_actions(CALLS) | UNSEEN == allowed_actions()


def test_a_role_that_could_change_itself_is_refused(new_stack):
    with pytest.raises(TerraformError, match="or the role could change itself"):
        new_stack().with_variables(name="vpcache-nightly").plan()
