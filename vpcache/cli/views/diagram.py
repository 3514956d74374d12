"""The diagram of an environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpcache.cli.console import print_notice, step, user_errors, writable
from vpcache.cli.lab import chosen_lab
from vpcache.cli.stack import check_options, chosen_stack, print_header
from vpcache.cli.target_choice import TargetChoice
from vpcache.cli.views.terraform_json import check_source, plan_documents, planned, read, source_name
from vpcache.errors import VpcacheError
from vpcache.project import Project
from vpcache.stack.stack import Stack
from vpcache.stack.target import LAB, offline_target, target_name

if TYPE_CHECKING:
    from vpcache.probes import Result


@dataclass(frozen=True)
class _Subject:
    """The subject of a diagram: its name, its state or plan, the source of that, and results of probes.

    `evaluated` is as in `vpcache.terraform.resources.resources`.
    """

    name: str
    document: Mapping[str, Any]
    drawn_from: str
    results: Sequence[Result] = ()
    evaluated: Mapping[str, Any] | None = None


@user_errors
def diagram(
    root: Path,
    environment: str,
    target: TargetChoice,
    name: str,
    *,
    source: str,
    svg: str,
    png: str,
    plan: bool,
    live: bool,
    as_json: bool,
) -> None:
    """Draw an environment, its plan, or the state or plan in a file, as SVG and PNG."""
    check_source(environment, source, target=target.name, region=target.region, name=name)
    if live and source:
        raise VpcacheError("--live probes a running stack: use --env instead of --from")
    if plan and source:
        raise VpcacheError("--plan plans an environment: use --env instead of --from")
    if plan and live:
        raise VpcacheError("--live probes a running stack: omit --plan")
    if svg and png and Path(svg).absolute() == Path(png).absolute():
        raise VpcacheError(f"--svg and --png are both {svg}: use two files")
    for file in filter(None, (svg, png)):
        writable(file)
    if environment:
        check_options(Project(root), environment, target, name)
    if source:
        subject = _Subject(Path(source).stem.strip("-") or "diagram", read(source), source_name(source))
    else:
        choose = _plan if plan else partial(_stack, live=live)
        subject = choose(root, environment, target, name, is_quiet=as_json)
    text = _svg(subject, f"reach {_options(environment, target, name, source, plan=plan)}")
    if not (svg or png):
        folder = root / "reports"
        folder.mkdir(exist_ok=True)
        svg, png = (os.path.relpath(folder / f"{subject.name}.{kind}") for kind in ("svg", "png"))
    files = {"svg": (svg, text.encode())} if svg else {}
    if png:
        from vpcache.diagram.drawing.png import png as render_png

        files["png"] = (png, render_png(text))
    for file, data in files.values():
        writable(file).write_bytes(data)
    if as_json:
        print(
            json.dumps({"drawn_from": subject.drawn_from} | {kind: file for kind, (file, _) in files.items()})
        )
    else:
        origin = subject.drawn_from if source else f"the {subject.drawn_from}"
        print(f"drawn from {origin}: {', '.join(file for file, _ in files.values())}")


def _options(environment: str, target: TargetChoice, name: str, source: str, *, plan: bool) -> str:
    """Return the options of `reach` for the subject of a diagram."""
    values = {
        "env": environment,
        "target": target.name,
        "region": target.region,
        "name": name,
        "from-plan": source,
    }
    chosen = [f"--{option} {value}" for option, value in values.items() if value]
    return " ".join([*chosen, *(["--plan"] if plan else [])])


def _plan(root: Path, environment: str, target: TargetChoice, name: str, *, is_quiet: bool) -> _Subject:
    """Return the plan of the chosen stack, which shows what it changes."""
    stack = chosen_stack(root, environment, target, name, start_lab=True)
    if not is_quiet:
        print_header("diagram", stack)
    document, evaluated = plan_documents(stack)
    return _Subject(stack.name, document, "plan", evaluated=evaluated)


def _stack(
    root: Path, environment: str, target: TargetChoice, name: str, *, live: bool, is_quiet: bool
) -> _Subject:
    """Return the chosen stack, from its state or, without a state, from its plan."""
    if live or _has_target(target):
        stack = chosen_stack(root, environment, target, name)
        if not is_quiet:
            print_header("diagram", stack)
        results = _run_probes(stack) if live else ()
        if (state := stack.show_json()) is not None:
            return _Subject(stack.name, state, "state", results)
    else:
        project = Project(root)
        pinned = project.values(environment).region
        offline = offline_target(os.environ, region=target.region or None, pinned_region=pinned)
        stack = project.stack(environment, offline, name or None)
        if not is_quiet:
            print(f"diagram {environment} as {stack.name}: the plan is drawn, as no lab of yours is running")
    return _Subject(stack.name, planned(stack), "plan")


def _has_target(target: TargetChoice) -> bool:
    """Return whether the chosen target may have a state. A plan does not need a lab, nor its port."""
    if target_name(target.name, os.environ) != LAB:
        return True
    try:
        status = chosen_lab().status()
        status.check_owner()
    except VpcacheError as error:
        print_notice(f"{error}; the plan is drawn")
        return False
    return status.running


def _svg(subject: _Subject, command: str) -> str:
    from vpcache.diagram.drawing.svg import svg
    from vpcache.diagram.live import Live
    from vpcache.diagram.picture import picture

    return svg(picture(subject.document, Live(subject.results), subject.evaluated, command))


def _run_probes(stack: Stack) -> Sequence[Result]:
    from vpcache import probes

    outputs = stack.outputs()
    with step("probes"):
        return probes.verify(stack.target, outputs, stack.environment_dir)
