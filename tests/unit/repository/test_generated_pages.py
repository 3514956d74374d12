"""Generated pages and blocks are current, and their generators do as they say."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import vpcache
from tests.support.paths import ROOT
from tools import api_docs, checks, page_blocks, site_links
from tools.reference_text import NOTE


@cache
def reference():
    return api_docs.pages(ROOT)


@pytest.mark.parametrize("tool", [api_docs, page_blocks], ids=lambda tool: tool.__name__)
def test_pages_are_current(tool):
    assert tool.outdated(ROOT) == [], "type `./inv docs`"


def test_reference_has_public_members_with_signatures():
    page = reference()[api_docs.FOLDER / "stack.md"]
    assert "### stack.outputs()" in page
    assert "outputs() -> Outputs" in page
    assert "### stack._plan" not in page


def test_reference_has_every_public_name():
    documented = {name.partition(":")[2] for _, names in api_docs.PAGES.values() for name in names}
    assert set(vpcache.__all__) - documented == {"EGRESS_PROBE"}, "add it to PAGES of tools/api_docs.py"


def test_context_manager_is_shown_as_one():
    page = reference()[api_docs.FOLDER / "stack.md"]
    assert "exclusive_lock() -> ContextManager[None]" in page


def test_reference_has_fixtures_options_and_settings():
    page = reference()[api_docs.FOLDER / "pytest.md"]
    assert "### probes\n\nScope: function. Type: `Probes`." in page
    assert "- `--vpcache-target lab|aws`: " in page
    assert "- `vpcache_lab_settings`: " in page
    assert "_stack_outputs" not in page


def test_reference_has_every_task_with_its_options():
    page = reference()[api_docs.FOLDER / "tasks.md"]
    assert "## lab.fault" in page
    assert "- `--from FROM`" in page
    assert "```\n./inv apply --env dev\n" in page


def test_stale_and_unknown_reference_pages_are_found(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(api_docs, "pages", lambda _: {api_docs.FOLDER / "a.md": "new\n"})
    assert api_docs.outdated(tmp_path) == [api_docs.FOLDER / "a.md"]
    api_docs.write(tmp_path)
    assert api_docs.outdated(tmp_path) == []
    (tmp_path / api_docs.FOLDER / "by-hand.md").touch()
    (tmp_path / api_docs.FOLDER / "b.md").write_text(f"{NOTE}\n")
    assert api_docs.outdated(tmp_path) == [api_docs.FOLDER / "b.md"]


def test_embedded_file_is_replaced(tmp_path):
    (tmp_path / "code.py").write_text("new = 1\n")
    page = tmp_path / "page.md"
    page.write_text("before\n\n<!-- embed code.py -->\n```python\nold = 1\n```\n<!-- end -->\n\nafter\n")
    wanted = "before\n\n<!-- embed code.py -->\n```python\nnew = 1\n```\n<!-- end -->\n\nafter\n"
    assert page_blocks.current(page, tmp_path) == wanted


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("../lab.md#faults", "../lab.md#faults"),
        ("../../modules/vpc", "https://host/repo/tree/main/modules/vpc"),
        ("../../README.md", "https://host/repo/blob/main/README.md"),
        ("https://aws.example/x", "https://aws.example/x"),
        ("#here", "#here"),
    ],
)
def test_site_links_to_the_repository(link, wanted):
    page = SimpleNamespace(file=SimpleNamespace(src_uri="how-to/add.md"))
    config = {"docs_dir": str(ROOT / "docs"), "repo_url": "https://host/repo/"}
    assert site_links.on_page_markdown(f"[x]({link})", page, config) == f"[x]({wanted})"


def test_site_hook_imports_the_standard_library_only():
    """MkDocs loads it in an environment without this project."""
    source = Path(site_links.__file__).read_text()
    assert "import vpcache" not in source
    assert "from tools" not in source


def test_docs_task_prints_what_it_wrote(monkeypatch, capsys):
    written: list[Path] = []
    for tool, page in ((api_docs, Path("docs/reference/tasks.md")), (page_blocks, ROOT / "docs/lab.md")):
        monkeypatch.setattr(tool, "outdated", lambda _, page=page: [page])
        monkeypatch.setattr(tool, "write", written.append)
    monkeypatch.setattr(checks, "with_tables", lambda readme, _: readme)
    checks.docs(ROOT)
    assert capsys.readouterr().out == "wrote docs/reference/tasks.md\nwrote docs/lab.md\n"
    assert written == [ROOT, ROOT]
