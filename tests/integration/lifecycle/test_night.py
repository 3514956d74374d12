"""A night of dev and prod under the nightly role alone: which of its permissions are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.nightly.night import NightlyProject, NightlyRole
from tests.support.nightly.statements import decision, denied_without, explained_permissions
from vpcache.lab.permissions import AuthorizedRequest, Permissions

pytestmark = pytest.mark.lab

DRILLS = ("nat-gateway", "node-reboot", "zone-network")  # those that AWS's API can inject


@dataclass(frozen=True)
class Night:
    """What a night requested, before a statement of its role was removed."""

    role: NightlyRole
    project: NightlyProject
    requests: tuple[AuthorizedRequest, ...]
    audit: Permissions


@pytest.fixture(scope="module")
def night(
    vpcache_run: Any, tmp_path_factory: pytest.TempPathFactory, stack_variables: dict[str, Any]
) -> Iterator[Night]:
    """Both environments, made in an earlier version, changed, verified, drilled, destroyed and swept."""
    assert stack_variables["bundles"]  # exist, so that the projects only copy them
    folder = tmp_path_factory.mktemp("night")
    with vpcache_run.own_lab() as lab:
        lab.start(folder / "lab.log")
        role = NightlyRole.deploy(lab, folder / "role")
        dev, prod = (NightlyProject.create(folder / name, role) for name in ("dev", "prod"))
        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(night_of_dev, dev), pool.submit(night_of_prod, prod)]:
                each.result()
        dev.succeed("sweep", "--target", "aws", "--yes")
        # a stack that was never applied may be in another region, whose bucket is then searched
        dev.succeed("destroy", "--env", "dev", "--target", "aws", "--name", "vpcache-ci-none", "--yes")
        (audit,) = (each for each in lab.audit() if each.principal == role.arn)
        requests = tuple(each for each in lab.authorized_requests() if each.principal == role.arn)
        yield Night(role, dev, requests, audit)


def make_earlier(project: NightlyProject, environment: str) -> None:
    """Change what an earlier version of an environment may have had: tags, and the code of a function."""
    tags = {'"vpcache"': '"earlier"\n      Earlier     = "yes"'}
    project.replace(f"envs/{environment}/versions.tf", tags)
    handler = project.root / "lambda/cached_api/handler.py"
    handler.write_text(f"{handler.read_text()}\n# earlier\n")


def night_of_dev(project: NightlyProject) -> None:
    name = "vpcache-ci-dev"
    stack = ("--env", "dev", "--target", "aws", "--name", name)
    make_earlier(project, "dev")
    project.replace(
        "envs/dev/terraform.tfvars",
        {
            '["a", "b"]': '["a", "b", "a"]',
            "alarms             = false": 'alarms       = true\nalarm_emails = ["a@example.com"]',
            "memory_size = 256": "memory_size = 512",
        },
    )
    project.succeed("apply", *stack, "--yes")
    project.update()
    project.succeed("apply", *stack, "--yes")
    project.succeed("verify", *stack)
    project.succeed("reach", *stack)
    for fault in DRILLS:
        project.succeed("drill", *stack, "--fault", fault, "--seconds", "2")
    project.succeed("destroy", *stack, "--yes")
    project.succeed("sweep", "--target", "aws", "--name", name, "--yes")


def night_of_prod(project: NightlyProject) -> None:
    name = "vpcache-ci-prod"
    stack = ("--env", "prod", "--target", "aws", "--name", name)
    confirmed = ("--yes", "--confirm", name)
    make_earlier(project, "prod")
    parameters = 'transit_encryption = true\n  parameters         = { max_item_size = "2097152" }'
    project.replace("envs/prod/terraform.tfvars", {"transit_encryption = true": parameters})
    project.succeed("apply", *stack, *confirmed)
    project.update()
    project.succeed("apply", *stack, *confirmed)
    project.succeed("verify", *stack)
    project.succeed("drill", *stack, "--fault", "node-reboot", "--seconds", "2", "--confirm", name)
    project.succeed("destroy", *stack, *confirmed)
    project.succeed("sweep", "--target", "aws", "--name", name, "--yes", "--confirm", name)


def test_night_needs_no_other_permission(night):
    assert night.audit.denied == ()
    assert len(night.requests) > 1000


def test_every_statement_is_needed_by_a_night(night):
    documents = night.role.documents()
    assert [each for each in night.requests if not decision(each, documents).is_allowed] == []
    statements = [statement for document in documents for statement in document.statements]
    assert len({each.sid for each in statements}) == len(statements) > 30
    unneeded = [
        each.sid for each in statements if not next(denied_without(each, documents, night.requests), None)
    ]
    assert unneeded == []
    assert night.audit.unneeded_statements == ()


def test_comments_explain_every_permission_that_a_night_leaves_unused(night):
    assert set(night.audit.unused) == explained_permissions()


def test_apply_without_statements_fails_with_awss_errors(night):
    night.role.remove_statements("CreateVpc", "ManageLogGroups")
    failed = night.project.run("apply", "--env", "dev", "--target", "aws", "--name", "vpcache-ci-x", "--yes")
    assert failed.returncode != 0
    log = re.search(r"full log: (\S+)\)", failed.stderr)
    assert log is not None, failed.stderr
    text = Path(log[1]).read_text()
    assert "UnauthorizedOperation" in text
    assert "is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:" in text
    assert "AccessDeniedException" in text
    assert "because no identity-based policy allows the logs:CreateLogGroup action" in text
