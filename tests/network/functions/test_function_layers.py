"""Layers, as functions see them in /opt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.support.network.functions import (
    SPEC,
    RuntimeHarness,
    failure,
    zip_of,
)
from tests.support.network.isolation import isolated
from vpcache.lab.functions.spec import FunctionSpec, LayerCode


def layer(name: str, files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> LayerCode:
    return LayerCode(name, zip_of(files, modes))


def with_layers(*layers: LayerCode) -> FunctionSpec:
    return replace(SPEC, layers=layers)


@isolated
def test_modules_of_layers_can_be_imported(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    plain = layer("plain", {"python/tool.py": "x = 1", "python/app.py": "hidden"})
    folder = "python/lib/python3.11/site-packages"
    packaged = layer("packaged", {f"{folder}/tool.py": "x = 2", f"{folder}/other/__init__.py": "y = 3"})
    assert harness.value("__import__('tool').x", with_layers(plain)) == 1
    both = with_layers(plain, packaged)
    assert harness.value("[__import__('tool').x, __import__('other').y]", both) == [2, 3]
    assert harness.value("__import__('tool').__file__", with_layers(plain)) == "/opt/python/tool.py"
    assert harness.value("__import__('tool').__cached__ is not None", with_layers(plain)) is True
    assert failure(harness.call(SPEC, run="import tool"))[0] == "ModuleNotFoundError"
    assert harness.value("os.listdir('/opt')", SPEC) == []


@isolated
def test_later_layer_is_laid_over_the_earlier_one(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    first = layer("first", {"a": "first", "b": "first", "c/d": "first", "e": "first"})
    second = layer("second", {"b": "second", "c": "second", "e/f": "second"})
    read = "[open('/opt/' + each).read() for each in ('a', 'b', 'c', 'e/f')]"
    assert harness.value(read, with_layers(first, second)) == ["first", "second", "second", "second"]
    read = "[open('/opt/' + each).read() for each in ('a', 'b', 'c/d', 'e')]"
    assert harness.value(read, with_layers(second, first)) == ["first"] * 4


@isolated
def test_links_of_layers_lead_nowhere_outside_the_sandbox(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    (tmp_path / "host").mkdir()
    links = {"python": str(tmp_path / "host"), "data": "real"}
    first = layer("links", links | {"real": "1"}, dict.fromkeys(links, 0o120777))
    second = layer("files", {"python/tool.py": "x = 1"})
    assert harness.value("[__import__('tool').x, open('/opt/data').read()]", with_layers(first, second)) == [
        1,
        "1",
    ]
    assert list((tmp_path / "host").iterdir()) == []


@isolated
def test_programs_and_libraries_of_layers_are_found(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    modes = {"bin/tool": 0o100755}
    spec = with_layers(layer("programs", {"bin/tool": "#!/bin/sh\necho ran", "bin/plain": "x"}, modes))
    assert harness.value("__import__('subprocess').check_output('tool', text=True)", spec) == "ran\n"
    assert failure(harness.call(spec, value="open('/opt/bin/tool', 'w')"))[0] == "OSError"
    assert harness.value("'/opt/lib' in os.environ['LD_LIBRARY_PATH'].split(':')", spec) is True


@isolated
def test_wrapper_of_a_layer_starts_the_runtime(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    script = '#!/bin/sh\nexport WRAPPED="$1"\nexec "$@"\n'
    wrapper = layer("wrapper", {"wrapper": script}, {"wrapper": 0o100755})
    spec = replace(with_layers(wrapper), environment=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"),))
    assert harness.value("os.environ['WRAPPED']", spec) == "/var/lang/bin/python3.11"


@isolated
def test_functions_with_the_same_layers_share_their_files(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    tools = layer("tools", {"a": "x"})
    others = [replace(with_layers(tools), arn=f"{SPEC.arn}{number}") for number in range(2)]
    stat = "os.stat('/opt/a').st_ino"
    assert harness.value(stat, others[0]) == harness.value(stat, others[1])
    assert len(list((tmp_path / "bundles").iterdir())) == 2


@isolated
def test_change_of_layers_starts_a_process(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    first, second = (layer(name, {"python/tool.py": f"x = {name!r}"}) for name in "ab")
    value = "[served, __import__('tool').x]"
    assert harness.value(value, with_layers(first)) == [1, "a"]
    assert harness.value(value, with_layers(first)) == [2, "a"]
    assert harness.value(value, with_layers(second)) == [1, "b"]


@isolated
def test_certificates_of_a_layer_are_the_labs(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    spec = with_layers(layer("certificates", {"python/certifi/cacert.pem": "theirs"}))
    assert harness.value("open('/opt/python/certifi/cacert.pem').read()", spec) == "the lab's certificate"
