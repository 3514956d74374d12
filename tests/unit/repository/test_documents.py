"""Every command in the documents is one that there is, and every link leads somewhere."""

import re

import pytest
from invoke.collection import Collection
from invoke.exceptions import ParseError
from invoke.loader import FilesystemLoader
from invoke.parser import Parser
from invoke.program import Program

from tests.support.documents import DOCUMENTS, OURS, ROOT, SHOWN

OUTSIDER = "tests/integration/cli/test_external_project.py"

# what else a reader is told to type, and where that is tried; a line that is not here has to be looked at
ELSEWHERE = {
    r"python -m (pip install --requirement requirements\.txt|pytest.*)": OUTSIDER,
    r"export AWS_ENDPOINT_URL=.*": "tests/integration/cli/test_aws_target.py",
    r"git clone \S+ vpcache && cd vpcache": "the address is nobody's",
    r"source <\(./inv --print-completion-script bash\)": "tests/process/cli/test_inv.py",
    r"sudo .*": "an account of one's own is made by hand",
    r"cd envs/dev && terraform get && terraform providers mirror .*|rsync .*": "needs two machines",
}


def all_tasks():
    module, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
    return Collection.from_module(module)


TASKS = all_tasks()
DEPRECATED = {"lab.mend"}


def complaint(words):
    """Return why Invoke would not take these words as a command line, None if it would."""
    words = ["apply" if word == "TASK" else word for word in words]
    try:  # first its own options, then the tasks with theirs, as Invoke itself does
        rest = Parser(initial=Program().initial_context, ignore_unknown=True).parse_argv(words).unparsed
        Parser(contexts=TASKS.to_contexts()).parse_argv(rest)
    except ParseError as error:
        return str(error)
    return None


@pytest.mark.parametrize("command", [each for each in SHOWN if each.words[0] in OURS], ids=str)
def test_a_task_takes_these_options(command):
    why = complaint(command.words[1:])
    if not command.is_in_block and why and "required positional" in why:
        return  # a sentence may name a task without what it needs
    assert why is None


def test_other_commands_are_tried_elsewhere():
    others = [each for each in SHOWN if each.words[0] not in OURS]
    assert [
        str(each)
        for each in others
        if not any(re.fullmatch(line, " ".join(each.words)) for line in ELSEWHERE)
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(document):
    linked = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text())
    assert [path for path in linked if not (document.parent / path).exists()] == []


def test_shell_blocks_say_that_they_are():
    """A block without a language is not read for commands."""
    for document in DOCUMENTS:
        for block in re.findall(r"^```\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL):
            assert not re.search(r"^(\./inv|invoke|\$) ", block, re.MULTILINE), f"{document}: {block}"


def test_the_readme_s_table_has_every_task():
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"^\| task \| does \|\n(.*?)^$", readme, re.MULTILINE | re.DOTALL)[1]
    first_cells = [row.split(" | ")[0] for row in table.splitlines()]
    commands = [code.split() for cell in first_cells for code in re.findall(r"`([^`]+)`", cell)]
    assert [words for words in commands if "No idea" in (complaint(words) or "")] == []
    assert {words[0] for words in commands} == set(TASKS.task_names) - DEPRECATED


def test_the_comparison_counts_the_lines_that_it_shows():
    page = (ROOT / "docs/comparison.md").read_text()
    ours, tftest = (
        sum(bool(line.strip()) for line in block.splitlines())
        for block in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    )
    assert f"| {ours}, [below](#with-vpcache) |" in page
    assert f"| {tftest}, [below](#with-tftest) |" in page
