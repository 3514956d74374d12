from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.lab.functions.node.images import NodeImages
from vpcache.lab.functions.node.installation import Node, is_node, node_refusal
from vpcache.lab.functions.trust import Trust

NODE_20 = Node(Path("/usr/bin/node"), 20)


def test_runtimes_of_node_differ_from_others() -> None:
    assert is_node("nodejs20.x") and not is_node("python3.13")


@pytest.mark.parametrize(
    ("runtime", "node", "any_major", "message"),
    [
        ("nodejs20.x", NODE_20, False, None),
        ("nodejs22.x", NODE_20, False, "install Node.js 22 so that it is first on PATH"),
        ("nodejs22.x", NODE_20, True, None),
        ("nodejs22.x", None, True, "needs Node.js 22 on this machine: install it"),
        ("nodejs22.x", None, False, "needs Node.js 22 on this machine: install it"),
    ],
)
def test_other_node_is_refused_with_what_to_install(
    runtime: str, node: Node | None, any_major: bool, message: str | None
) -> None:
    refusal = node_refusal(runtime, node, any_major)
    assert (refusal is None) == (message is None)
    assert message is None or message in str(refusal)


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    (tmp_path / "ca.pem").write_text("the lab's certificate")
    return Trust.create(tmp_path / "trust", tmp_path / "ca.pem")


def test_node_outside_usr_is_mounted_with_its_libraries(tmp_path: Path, trust: Trust) -> None:
    node = Node(Path("/home/one/node-v22/bin/node"), 22)
    image = NodeImages(tmp_path / "node", trust, find=lambda: node).of("nodejs22.x")

    assert image.mounts == {
        "/var/runtime": str(tmp_path / "node"),
        "/home/one/node-v22": "/home/one/node-v22",
    }
    assert image.links == {"/var/lang/bin/node": "/home/one/node-v22/bin/node"}
    assert image.command(1024)[2:] == (
        "--max-semi-space-size=51",
        "--max-old-space-size=921",
        "/var/runtime/client.mjs",
    )
    assert (tmp_path / "node/ca-cert.pem").read_text() == "the lab's certificate"


def test_missing_node_is_refused_unless_the_lab_falls_back(tmp_path: Path, trust: Trust) -> None:
    strict = NodeImages(tmp_path / "strict", trust, find=lambda: NODE_20)
    with pytest.raises(NotImplementedError, match=r"nodejs22\.x needs Node\.js 22"):
        strict.check("nodejs22.x")
    lenient = NodeImages(tmp_path / "lenient", trust, lambda: True, lambda: NODE_20)
    assert lenient.of("nodejs22.x").name == "node20"
