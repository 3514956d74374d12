"""The images of Node.js runtimes: this machine's Node.js, and the lab's client of the Runtime API."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from vpcache.lab.functions.image import RUNTIME_DIR, TASK_ROOT, Image
from vpcache.lab.functions.node.installation import Node, installed_node, node_refusal
from vpcache.lab.functions.trust import Trust

EXECUTABLE = "/var/lang/bin/node"
_CLIENT = "client.mjs"
_CA_FILE = "ca-cert.pem"  # in the runtime's folder, as on AWS
_YOUNG_PERCENT, _OLD_PERCENT = 5, 90  # of the memory, for the two generations of the heap


class NodeImages:
    """The images of Node.js runtimes; `work` is a new folder.

    `falls_back` returns whether runtimes whose Node.js this machine lacks run on the one that it has, which
    `find` returns.
    """

    def __init__(
        self,
        work: Path,
        trust: Trust,
        falls_back: Callable[[], bool] = lambda: False,
        find: Callable[[], Node | None] = installed_node,
    ) -> None:
        work.mkdir()
        for module in Path(__file__).parent.glob("*.mjs"):
            shutil.copyfile(module, work / module.name)
        shutil.copyfile(trust.ca_file, work / _CA_FILE)
        self._work = work
        self._falls_back = falls_back
        self._find = find
        self._substituted: dict[str, int] = {}  # majors of the Node.js that runs them, by runtime

    def check(self, runtime: str) -> None:
        """Raise NotImplementedError if no Node.js runs the functions of a runtime."""
        self._node(runtime)

    def of(self, runtime: str) -> Image:
        """Return the image of a runtime. Raises NotImplementedError if no Node.js runs its functions.

        Node.js does not read the system's certificate authorities, so the lab's is added to its own ones:
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
        """
        node = self._node(runtime)
        prefix = str(node.prefix)
        folders = f"/opt/nodejs/node{node.major}/node_modules:/opt/nodejs/node_modules"
        return Image(
            name=f"node{node.major}",
            command=_command,
            # every process has /usr
            mounts={RUNTIME_DIR: str(self._work), **({} if prefix == "/usr" else {prefix: prefix})},
            links={EXECUTABLE: str(node.executable)},
            variables={
                "NODE_PATH": f"{folders}:{RUNTIME_DIR}/node_modules:{RUNTIME_DIR}:{TASK_ROOT}",
                "NODE_EXTRA_CA_CERTS": f"{RUNTIME_DIR}/{_CA_FILE}",
            },
            is_connected=True,
        )

    def _node(self, runtime: str) -> Node:
        node = self._find()
        refusal = node_refusal(runtime, node, any_major=self._falls_back())
        if node is None or refusal:
            raise NotImplementedError(refusal)
        if node_refusal(runtime, node):
            self._substituted[runtime] = node.major
        return node

    def notices(self) -> list[str]:
        """Return a line for each runtime whose functions run on another Node.js."""
        return [
            f"functions with the runtime {runtime} run on this machine's Node.js {major}"
            for runtime, major in sorted(self._substituted.items())
        ]


def _command(memory: int) -> tuple[str, ...]:
    """Return the command of a function's process. As on AWS, the memory, in MB, limits the heap."""
    return (
        EXECUTABLE,
        "--expose-gc",
        f"--max-semi-space-size={max(memory * _YOUNG_PERCENT // 100, 1)}",
        f"--max-old-space-size={memory * _OLD_PERCENT // 100}",
        f"{RUNTIME_DIR}/{_CLIENT}",
    )
