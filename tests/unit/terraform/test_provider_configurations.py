"""How many configurations of a provider a root module has."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.terraform.provider.configurations import each_has_one_configuration

AWS = 'provider "aws" {\n  region = var.region\n  default_tags {\n    tags = { alias = "x" }\n  }\n}\n'
RANDOM = 'provider "random" {}\n'
EAST = 'provider "aws" {\n  alias  = "east"\n  region = "us-east-1"\n}\n'
MODULE = 'module "dns" {\n  source    = "./dns"\n  alias     = "live"\n  providers = { aws = aws.east }\n}\n'


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], True),
        (['resource "aws_vpc" "this" {}\n'], True),
        ([AWS + RANDOM], True),
        ([AWS + MODULE, RANDOM], True),
        ([AWS, EAST + MODULE], False),
        ([AWS + EAST], False),
        ([EAST], False),
        (['provider "aws" { alias = "east" }\n'], False),
        ([AWS, AWS], False),
        (["provider aws {}\n" + AWS], False),
        ([AWS, '# provider "aws" {\n'], True),
        ([AWS, 'provider "aws" {\n'], False),
    ],
)
def test_each_has_one_configuration(texts: list[str], expected: bool, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(texts))]
    for folder, text in zip(folders, texts, strict=True):
        folder.mkdir()
        (folder / "main.tf").write_text(text)
    assert each_has_one_configuration(folders) is expected


def test_json_may_have_several(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text("{}")
    assert not each_has_one_configuration([tmp_path])
