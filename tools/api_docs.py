"""The pages of docs/reference, generated from docstrings, the pytest plugin and the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.reference_interfaces import pytest_page, tasks_page
from tools.reference_objects import Documented
from tools.reference_text import NOTE

FOLDER = Path("docs/reference")

PAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "stack": (
        "A stack: one environment applied to one target under a name.",
        ("vpcache.stack.stack:Stack", "vpcache.stack.stack:Plan", "vpcache.stack.stack:Outputs"),
    ),
    "target": (
        "The place where a stack is applied: the lab or AWS, in one region.",
        (
            "vpcache.stack.target:Target",
            "vpcache.stack.target:TargetName",
            "vpcache.stack.target:lab_target",
            "vpcache.stack.target:aws_target",
        ),
    ),
    "probes": (
        "Checks of a running stack. Each returns a result with evidence.",
        ("vpcache.probes:Probes", "vpcache.probes:Result", "vpcache.probes:verify"),
    ),
    "lab": (
        "The client of a lab: start it, inject faults, read its statistics.",
        (
            "vpcache.lab.client:Lab",
            "vpcache.lab.client:LabStatus",
            "vpcache.lab.faults:Fault",
            "vpcache.lab.faults:FaultKind",
            "vpcache.lab.faults:Mode",
            "vpcache.lab.settings:LabSettings",
        ),
    ),
    "functions": (
        "Zips of functions, and calls of functions.",
        (
            "vpcache.bundle:bundle",
            "vpcache.bundle:Bundle",
            "vpcache.functions:FunctionClient",
            "vpcache.functions:CachedAnswer",
        ),
    ),
    "errors": (
        "Exceptions with one line for the user: the problem, the value and the remedy.",
        (
            "vpcache.errors:VpcacheError",
            "vpcache.errors:InterruptedRunError",
            "vpcache.functions:FunctionError",
            "vpcache.lab.errors:LabError",
            "vpcache.lab.errors:LabNotRunningError",
        ),
    ),
}
_TITLES = {"functions": "Functions", "errors": "Errors"}  # of pages that have no main class
"""Each page by file name: its first sentence, and the objects that it documents."""


def pages(root: Path) -> dict[Path, str]:
    """Return the text of each generated page by its path below `root`."""
    texts = {name: _objects_page(name, first, names) for name, (first, names) in PAGES.items()}
    texts |= {"pytest": pytest_page(), "tasks": tasks_page(root)}
    return {FOLDER / "index.md": _index(texts)} | {
        FOLDER / f"{name}.md": text for name, text in texts.items()
    }


def _index(texts: Mapping[str, str]) -> str:
    lines = ["# Reference", "", NOTE, ""]
    for name, text in texts.items():
        title, sentence = _title_and_sentence(text)
        lines.append(f"- [{title}]({name}.md): {sentence}")
    lines += ["- [Stability](stability.md): The public API, versions and deprecations."]
    return "\n".join(lines) + "\n"


def _title_and_sentence(text: str) -> tuple[str, str]:
    blocks = [block for block in text.split("\n\n") if not block.startswith("<!--")]
    return blocks[0].removeprefix("# "), blocks[1]


def _objects_page(name: str, first: str, names: tuple[str, ...]) -> str:
    objects = [Documented(each) for each in names]
    blocks = [f"# {_TITLES.get(name, objects[0].name)}", NOTE, first]
    for each in objects:
        blocks += each.blocks()
    return "\n\n".join(blocks) + "\n"


def write(root: Path) -> None:
    """Write all generated pages."""
    for path, text in pages(root).items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)


def outdated(root: Path) -> list[Path]:
    """Return the pages that are missing, that differ from the code, or that nothing generates any more."""
    wanted = pages(root)
    known = {path.relative_to(root) for path in (root / FOLDER).glob("*.md") if NOTE in path.read_text()}
    return sorted(
        known - set(wanted)
        | {
            path
            for path, text in wanted.items()
            if not (root / path).exists() or (root / path).read_text() != text
        }
    )
