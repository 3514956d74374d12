"""The nightly role on a lab that enforces IAM, and the commands of a night under its credentials."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.nightly.role import ROLE
from tests.support.paths import ROOT
from vpcache.lab.aws.policies.documents import Document, parse
from vpcache.lab.client import Lab
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target, lab_target

REPOSITORY = "octo-org/vpcache"
_ISSUER = "https://token.actions.githubusercontent.com"
_CLAIMS = {
    "aud": "sts.amazonaws.com",
    "sub": f"repo:{REPOSITORY}:environment:nightly",
    "job_workflow_ref": f"{REPOSITORY}/.github/workflows/nightly.yml@refs/heads/main",
}
_SECONDS = 14400  # the workflow's role-duration-seconds
_TIMEOUT = 900


@dataclass(frozen=True)
class NightlyRole:
    """The role of examples/nightly-role in a lab's account, which is administered by `target`."""

    lab: Lab
    target: Target
    arn: str

    @classmethod
    def deploy(cls, lab: Lab, work_dir: Path) -> NightlyRole:
        """Create the role as the account's user, and make the lab enforce IAM."""
        target = lab_target(lab.endpoint, os.environ)
        stack = Stack(
            name="nightly-of-vpcache",
            environment_dir=ROLE,
            target=target,
            work_dir=work_dir,
            variables={"repository": REPOSITORY, "create_oidc_provider": True},
            temporary=True,
        )
        stack.init()
        stack.apply()
        role = cls(lab, target, stack.outputs()["role_arn"])
        _delete_bucket(target.client("s3"), stack.state.bucket)  # the first night creates it
        lab.configure(iam="enforce")
        return role

    def credentials(self) -> dict[str, str]:
        """Assume the role as the workflow does, and return the environment variables of its steps."""
        answer = self.target.client("sts").assume_role_with_web_identity(
            RoleArn=self.arn,
            RoleSessionName="GitHubActions",
            WebIdentityToken=self.lab.identity_token(_ISSUER, **_CLAIMS),
            DurationSeconds=_SECONDS,
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
            "AWS_SESSION_TOKEN": answer["SessionToken"],
            "AWS_ENDPOINT_URL": self.lab.endpoint,
            "AWS_REGION": self.target.region,
            "CI": "true",
        }

    def policies(self) -> dict[str, Mapping[str, Any]]:
        """Return the documents of the role's managed policies by ARN."""
        iam = self.target.client("iam")
        attached = iam.list_attached_role_policies(RoleName=self.arn.rpartition("/")[2])["AttachedPolicies"]
        arns = [policy["PolicyArn"] for policy in attached]
        return {
            arn: iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
            for arn in arns
        }

    def documents(self) -> list[Document]:
        """Return the role's policies as the lab evaluates them."""
        return [parse(policy) for policy in self.policies().values()]

    def remove_statements(self, *sids: str) -> None:
        """Remove statements from the role's policies."""
        iam = self.target.client("iam")
        for arn, policy in self.policies().items():
            kept = [each for each in policy["Statement"] if each["Sid"] not in sids]
            if len(kept) < len(policy["Statement"]):
                document = json.dumps({**policy, "Statement": kept})
                iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


@dataclass(frozen=True)
class NightlyProject:
    """A copy of this project's environments and functions, whose tasks run with the role's credentials."""

    root: Path
    environ: Mapping[str, str]

    @classmethod
    def create(cls, root: Path, role: NightlyRole) -> NightlyProject:
        """Copy the project; its bundles are shared with this project."""
        (root / ".vpcache").mkdir(parents=True)
        (root / ".vpcache/bundles").symlink_to(ROOT / ".vpcache/bundles")
        (root / "modules").symlink_to(ROOT / "modules")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VPCACHE_"))
        }
        project = cls(root, kept | role.credentials())
        project.update()
        return project

    def update(self) -> None:
        """Make environments and functions those of this project."""
        for name in ("envs", "lambda"):
            ignored = shutil.ignore_patterns("tests", ".terraform", "__pycache__")
            shutil.copytree(ROOT / name, self.root / name, ignore=ignored, dirs_exist_ok=True)

    def replace(self, path: str, replacements: Mapping[str, str]) -> None:
        """Replace texts in a file. Raises AssertionError if one is missing."""
        file = self.root / path
        text = file.read_text()
        for old, new in replacements.items():
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new)
        file.write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a task to its end."""
        return subprocess.run(
            [Path(sys.executable).with_name("vpcache"), *words],
            cwd=self.root,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )

    def succeed(self, *words: str) -> str:
        """Run a task, check that it succeeds, and return its output."""
        finished = self.run(*words)
        assert finished.returncode == 0, f"{words}: {finished.stdout}{finished.stderr}"
        return finished.stdout


def _delete_bucket(s3: Any, bucket: str) -> None:
    versions = s3.list_object_versions(Bucket=bucket)
    for item in (*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=bucket)
