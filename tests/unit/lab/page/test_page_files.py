"""The files of the lab's page: what its content security policy forbids, and what data could do to it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

import vpcache.lab.daemon

PAGE = Path(str(files(vpcache.lab.daemon))) / "page"
HTML = (PAGE / "index.html").read_text()
SCRIPTS = {path.name: path.read_text() for path in sorted(PAGE.glob("*.js"))}
OTHER_HOST = re.compile(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+", re.IGNORECASE)
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which no browser requests
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function")


def test_page_has_no_inline_script_or_style() -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", HTML) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", HTML) == []
    in_scripts = [
        name for name, text in SCRIPTS.items() if re.search(r"setAttribute\(\"style|\bstyle:", text)
    ]
    assert in_scripts == []


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: path.name)
def test_page_requests_nothing_from_another_host(path: Path) -> None:
    assert OTHER_HOST.findall(path.read_text().replace(NAMESPACE, "")) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_page_never_parses_data_as_markup(name: str) -> None:
    assert MARKUP.findall(SCRIPTS[name]) == []


def test_page_refers_to_files_that_exist() -> None:
    named = set(re.findall(r"/_lab/page/([\w.-]+)", HTML))
    imported = {name for text in SCRIPTS.values() for name in re.findall(r'from "\./([\w.-]+)"', text)}
    assert named | imported | {"index.html"} == {path.name for path in PAGE.iterdir()}


def test_scripts_use_identifiers_that_the_page_has() -> None:
    used = {each for text in SCRIPTS.values() for each in re.findall(r'byId\("([\w-]+)"\)', text)}
    assert used and used <= set(re.findall(r'\bid="([\w-]+)"', HTML))


def test_each_field_of_the_page_has_a_label() -> None:
    fields = re.findall(r'<(?:select|input|textarea)[^>]*\bid="([\w-]+)"', HTML)
    assert fields and set(fields) == set(re.findall(r'<label for="([\w-]+)"', HTML))
