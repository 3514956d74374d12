"""Whether a bundle of a root module's variables decides nothing but the code of functions. Pure, on HCL text.

Terraform is not asked: a plan takes seconds. The references to the variable are followed through the
arguments of modules to `filename` and `source_code_hash` of aws_lambda_function. Any other use, such as a
function call or an output, is taken for a dependency, and so is HCL that `terraform fmt` would format
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_BLOCK = re.compile(r'^(?P<kind>\w+)\s*(?P<labels>(?:"[^"]*"\s*)*)\{')
_LABEL = re.compile(r'"([^"]*)"')
_KEYS = r'(?P<keys>(?:\.[A-Za-z_][\w-]*|\["[^"\]]+"\])*)'
_KEY = re.compile(r'\.([\w-]+)|\["([^"\]]+)"\]')
# an argument of a top-level block, as `terraform fmt` indents it, not of a block or object in it
_ASSIGNMENT = re.compile(rf"  (?P<argument>\w+)\s*=\s*var\.[\w-]+{_KEYS}\s*(?:#.*)?")
_CODE_ARGUMENTS = ("filename", "source_code_hash")
_META_ARGUMENTS = ("count", "depends_on", "for_each", "providers", "source", "version")
_BUNDLE_KEYS = ("path", "sha256")

# attributes of a function that change with its code, and references to the whole function
_READ_CODE = re.compile(
    r"\.(?:code_sha256|filename|last_modified|source_code_hash|source_code_size)\b"
    r"|\baws_lambda_function\.[\w-]+(?:\[[^\]]*\])?(?![\w.\[-])"
)


@dataclass(frozen=True)
class _Line:
    """A line of HCL in a top-level block of a kind, with the block's labels."""

    kind: str
    labels: tuple[str, ...]
    text: str


def decides_only_code(modules: Mapping[str, Sequence[str]], bundle: str) -> bool:
    """Return whether a bundle decides only the code of functions.

    `modules` are the texts of the HCL files of each module by its key in Terraform's modules.json, "" for the
    root module. `bundle` is the path of the bundle among the variables, such as `bundles.api`.
    """
    if any(_READ_CODE.search(text) for texts in modules.values() for text in texts):
        return False
    variable, *keys = bundle.split(".")
    lines = {module: [line for text in texts for line in _lines(text)] for module, texts in modules.items()}
    return all(_is_code(lines, "", line, variable, keys) for line in lines[""])


def _is_code(
    modules: Mapping[str, Sequence[_Line]], module: str, line: _Line, variable: str, keys: Sequence[str]
) -> bool:
    """Return whether a line of a module uses the bundle at `keys` of a variable only as code, if at all."""
    if line.kind == "variable":
        return True  # its validation, which a bundle of this package passes
    uses = [
        rest
        for use in re.finditer(rf"\bvar\.{re.escape(variable)}(?![\w-]){_KEYS}", line.text)
        if (rest := _rest(keys, _parsed(use["keys"]))) is not None
    ]
    if not uses:
        return True
    assignment = _ASSIGNMENT.fullmatch(line.text)
    if assignment is None:
        return False
    argument = assignment["argument"]
    if line.kind == "resource" and line.labels[0] == "aws_lambda_function":
        return argument in _CODE_ARGUMENTS
    if line.kind != "module" or argument in _META_ARGUMENTS:
        return False
    child = f"{module}.{line.labels[0]}" if module else line.labels[0]
    return child in modules and all(
        _is_code(modules, child, other, argument, uses[0]) for other in modules[child]
    )


def _rest(keys: Sequence[str], used: Sequence[str]) -> Sequence[str] | None:
    """Return the keys from what a reference selects to the bundle, None if it selects no part of it."""
    common = min(len(keys), len(used))
    if list(keys[:common]) != list(used[:common]):
        return None  # another bundle
    if len(used) > len(keys) and used[len(keys)] not in _BUNDLE_KEYS:
        return None  # an argument that a bundle of this package does not have
    return keys[common:]


def _parsed(text: str) -> list[str]:
    return [name or quoted for name, quoted in _KEY.findall(text)]


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines of a file with their top-level blocks. A line outside of blocks has the kind ""."""
    kind, labels = "", ()
    for line in text.splitlines():
        if not kind and (start := _BLOCK.match(line)):
            kind, labels = start["kind"], tuple(_LABEL.findall(start["labels"]))
            if line.rstrip().endswith("}"):  # a block in one line
                yield _Line(kind, labels, line)
                kind = ""
                continue
        yield _Line(kind, labels, line)
        if line.startswith("}"):
            kind = ""
