"""Dockerfile, compose file, development container and Lima template agree with the lab and each other."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import yaml

from tests.support.paths import ROOT
from vpcache.cli import lab_tasks
from vpcache.lab.host import MANAGERS
from vpcache.lab.privileges import CAPABILITIES, RUN_OPTIONS, SECURITY_OPTIONS

FILES = ROOT / "containers"
DOCKERFILE = (FILES / "Dockerfile").read_text()
PAGE = (ROOT / "docs/how-to/run-elsewhere.md").read_text()
PACKAGES = {*MANAGERS["apt-get"].packages, "python3", "python3-venv"}


def _read(name: str) -> Any:
    return yaml.safe_load((FILES / name).read_text())


def _service() -> dict[str, Any]:
    (service,) = _read("compose.yaml")["services"].values()
    return dict(service)


def test_compose_gives_the_capabilities_of_the_lab_and_no_more():
    service = _service()
    assert service["cap_drop"] == ["ALL"]
    assert service["cap_add"] == list(CAPABILITIES)
    assert service["security_opt"] == list(SECURITY_OPTIONS)
    assert "privileged" not in service and "network_mode" not in service and "pid" not in service


def test_development_container_gives_the_same_capabilities():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert container["runArgs"] == ["--init", *RUN_OPTIONS]
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve() == FILES / "Dockerfile"


def test_page_names_the_same_capabilities():
    rows = re.findall(r"^\| `([A-Z_]+)` \| .+ \|$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(CAPABILITIES)


def test_published_port_is_reachable_from_this_machine_only():
    assert _service()["ports"] == ["127.0.0.1:4600:4600"]
    (forward,) = _read("lima.yaml")["portForwards"]
    assert forward == {"guestPort": 4600, "hostIP": "127.0.0.1"}


def test_container_and_machine_have_the_packages_that_inv_installs():
    (words,) = re.findall(r"--no-install-recommends \\\n((?:.*\\\n)+?)\s+&& rm", DOCKERFILE)
    assert {word for word in words.split() if word != "\\"} == PACKAGES | {"ca-certificates"}
    scripts = "".join(step["script"] for step in _read("lima.yaml")["provision"])
    (words,) = re.findall(r"apt-get install -y -q (.+)", scripts)
    assert set(words.split()) == PACKAGES


def test_images_are_pinned_by_digest():
    assert re.findall(r"^FROM (.+)$", DOCKERFILE, re.MULTILINE) == re.findall(
        r"^FROM (debian:\w+-\d{8}-slim@sha256:[0-9a-f]{64})$", DOCKERFILE, re.MULTILINE
    )
    for image in _read("lima.yaml")["images"]:
        assert re.fullmatch(r"sha512:[0-9a-f]{128}", image["digest"])
        assert re.search(r"/\d{8}-\d+/", image["location"])


def test_command_of_the_container_is_a_task_with_its_options():
    (command,) = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    script, task, *options = json.loads(command)
    assert (script, task) == ("./inv", "lab.start")
    arguments = inspect.signature(lab_tasks.start.body).parameters
    assert {option.removeprefix("--").replace("-", "_") for option in options} <= arguments.keys()


def test_image_contains_no_environment_of_the_host():
    ignored = (FILES / "Dockerfile.dockerignore").read_text().split()
    assert {".git", ".venv", ".vpcache", "**/.terraform", "**/*.tfstate*"} <= set(ignored)
