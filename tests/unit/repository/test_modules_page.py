"""The comparison of the modules with public ones has their current figures and pinned sources."""

import re

from tests.support.paths import ROOT
from tools import page_blocks

TEXT = (ROOT / page_blocks.COMPARISON).read_text()
MODULES = sorted(path for path in (ROOT / "modules").iterdir() if path.is_dir())


def test_each_module_has_a_row_of_current_figures():
    for module in MODULES:
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| [{module.name}](../../modules/"))
        cells = [cell.strip() for cell in row.strip("|").split("|")][1:]
        assert cells == page_blocks.figures(module), "type `./inv docs`"


def test_figures_count_the_code(tmp_path):
    module = tmp_path / "modules/shop"
    (module / "tests").mkdir(parents=True)
    (module / "examples/one").mkdir(parents=True)
    (module / "examples/one/main.tf").touch()
    (module / "versions.tf").write_text('  required_version = ">= 1.11"\n  version = "~> 5.0"\n')
    (module / "variables.tf").write_text(
        'variable "name" {\n  description = "Name."\n  type        = string\n\n'
        "  validation {\n  }\n}\n"
        'variable "size" {\n  description = "Size."\n  type        = number\n  default     = 1\n}\n'
    )
    (module / "tests/shop.tftest.hcl").write_text(
        'run "one" {\n}\nrun "two" {\n  expect_failures = [var.name, var.size]\n}\n'
    )
    assert page_blocks.figures(module) == [
        *("2", "1", "1", "14", "variables.tf 12"),
        "2 runs with a mocked provider, 2 rejections",
        "1 of 1",
        *(">= 1.11", "~> 5.0"),
    ]


def test_public_sources_are_at_a_tag():
    linked = re.findall(r"https://github\.com/([^)\s]+)", TEXT)
    assert linked
    assert [path for path in linked if not re.match(r"[\w-]+/[\w-]+/(blob|tree)/v\d", path)] == []
