"""Commands in the documents exist, links lead to existing files, and pages keep their form."""

import ast
import importlib
import re
from itertools import pairwise

import pytest
from invoke.collection import Collection
from invoke.exceptions import ParseError
from invoke.loader import FilesystemLoader
from invoke.parser import Parser
from invoke.program import Program

from tests.support.documents import DOCUMENTS, GENERATED, OURS, PAGES, SHOWN
from tests.support.paths import ROOT

OUTSIDER = "tests/integration/cli/test_external_project.py"

# other shown commands, and the test that runs them or the reason why none does
ELSEWHERE = {
    r"python -m (pip install --requirement requirements\.txt|pytest.*)": OUTSIDER,
    r"export AWS_ENDPOINT_URL=.*": "tests/integration/cli/test_aws_target.py",
    r"git clone \S+ vpcache && cd vpcache": "a placeholder address",
    r"source <\(./inv --print-completion-script bash\)": "tests/process/cli/test_inv.py",
    r"sudo .*": "creates a user account",
    r"(brew|limactl) .*": "needs macOS",
    r"docker compose --file containers/compose.yaml .*": "tests/unit/repository/test_containers.py",
    r"cd envs/dev && terraform get && terraform providers mirror .*|rsync .*": "needs two machines",
}


def all_tasks():
    module, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
    return Collection.from_module(module)


TASKS = all_tasks()
CONTEXTS = TASKS.to_contexts()
OWN_OPTIONS = Parser(initial=Program().initial_context, ignore_unknown=True)
DEPRECATED = {"lab.mend"}


def complaint(words):
    """Return why Invoke would not take these words as a command line, None if it would."""
    words = ["apply" if word == "TASK" else word for word in words]
    try:  # first its own options, then the tasks with theirs, as Invoke itself does
        rest = OWN_OPTIONS.parse_argv(words).unparsed
        named = [each for each in CONTEXTS if {each.name, *each.aliases} & set(rest)]
        Parser(contexts=named).parse_argv(rest)  # which copies all contexts
    except ParseError as error:
        return str(error)
    return None


@pytest.mark.parametrize("command", [each for each in SHOWN if each.words[0] in OURS], ids=str)
def test_task_accepts_shown_options(command):
    why = complaint(command.words[1:])
    if not command.is_in_block and why and "required positional" in why:
        return  # a sentence may name a task without what it needs
    assert why is None


def test_other_commands_have_a_test():
    others = [each for each in SHOWN if each.words[0] not in OURS]
    assert [
        str(each)
        for each in others
        if not any(re.fullmatch(line, " ".join(each.words)) for line in ELSEWHERE)
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS + GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_exist(document):
    linked = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text())
    assert [path for path in linked if not (document.parent / path).exists()] == []


def anchors(page):
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS + GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_linked_headings_exist(document):
    linked = re.findall(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)", document.read_text())
    pages = [(document.parent / path if path else document, anchor) for path, anchor in linked]
    assert [str(page) for page, anchor in pages if anchor not in anchors(page)] == []


def test_shell_blocks_have_a_language():
    """A block without a language is not read for commands."""
    for document in DOCUMENTS:
        for block in re.findall(r"^```\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL):
            assert not re.search(r"^(\./inv|invoke|\$) ", block, re.MULTILINE), f"{document}: {block}"


def test_readme_lists_every_task():
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"^\| Task \| Purpose \|\n(.*?)^$", readme, re.MULTILINE | re.DOTALL)
    assert table is not None
    first_cells = [row.split(" | ")[0] for row in table[1].splitlines()]
    commands = [code.split() for cell in first_cells for code in re.findall(r"`([^`]+)`", cell)]
    assert [words for words in commands if "No idea" in (complaint(words) or "")] == []
    assert {words[0] for words in commands} == set(TASKS.task_names) - DEPRECATED


def test_comparison_counts_its_lines():
    page = (ROOT / "docs/internals/comparison.md").read_text()
    ours, tftest = (
        sum(bool(line.strip()) for line in block.splitlines())
        for block in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    )
    assert f"| {ours}, [below](#with-vpcache) |" in page
    assert f"| {tftest}, [below](#with-tftest) |" in page


PYTHON = [
    (page, block)
    for page in PAGES
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("page", "block"), PYTHON, ids=[page.name for page, _ in PYTHON])
def test_python_blocks_use_the_public_api(page, block):
    """They are valid, and of vpcache they import names that exist in its API or in its modules."""
    imports = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    names = [(node.module, alias.name) for node in imports if node.module for alias in node.names]
    ours = [(module, name) for module, name in names if module.partition(".")[0] == "vpcache"]
    assert [name for module, name in ours if not hasattr(importlib.import_module(module), name)] == []


def prose(page):
    """Return a page's lines outside code blocks, comments and tables."""
    text = re.sub(r"^( *)```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for line in text.splitlines() if not line.startswith(("|", "<!--"))]


@pytest.mark.parametrize("page", PAGES + GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_is_not_wrapped(page):
    """A line of prose ends with its sentence, so that a diff shows the sentence that changed."""
    begins = re.compile(r"$|#|\[[^\]]+\]: | *([-*]|\d+\.) ")
    lines = prose(page)
    wrapped = [
        line
        for line, after in pairwise(lines)
        if line and not begins.match(after) and not re.match(r"#|\[[^\]]+\]: ", line)
        if not re.search(r"[.!?:][)`*]*$", line)
    ]
    assert wrapped == []


def tables(page):
    """Yield the tables of a page as rows of cells."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        yield [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))]
            for row in table.splitlines()
        ]


@pytest.mark.parametrize("page", PAGES + GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_are_readable(page):
    for head, _, *rows in tables(page):
        assert all(head), f"a column has no header: {head}"
        assert [row for row in rows if len(row) != len(head)] == []
        assert [cell for row in rows for cell in row if len(cell) > 160] == []


def test_folders_of_pages_have_15_files_at_most():
    folders = [ROOT / "docs", *(path for path in (ROOT / "docs").rglob("*") if path.is_dir())]
    files = {folder: [path for path in folder.iterdir() if path.is_file()] for folder in folders}
    assert [folder for folder, found in files.items() if len(found) > 15] == []


def test_site_has_every_page():
    listed = re.findall(r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    pages = sorted(str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md"))
    assert sorted(listed) == pages
