"""The images of all runtimes that this machine can run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vpcache.lab.functions.image import Image
from vpcache.lab.functions.node.images import NodeImages
from vpcache.lab.functions.node.installation import is_node
from vpcache.lab.functions.python.images import PythonImages
from vpcache.lab.functions.python.interpreters import version_of
from vpcache.lab.functions.trust import Trust


class Images:
    """The images of Python and Node.js runtimes, below the new folder `work`. For several threads.

    `falls_back` returns whether a runtime that this machine lacks runs on another version of its language.
    """

    def __init__(self, work: Path, trust: Trust, falls_back: Callable[[], bool]) -> None:
        work.mkdir()
        self._python = PythonImages(work / "python", trust, falls_back)
        self._node = NodeImages(work / "node", trust, falls_back)

    def check(self, runtime: str) -> None:
        """Raise NotImplementedError with the reason if this machine cannot run a runtime."""
        self._of_language(runtime).check(runtime)

    def of(self, runtime: str) -> Image:
        """Return the image of a runtime. Raises NotImplementedError as `check` does."""
        return self._of_language(runtime).of(runtime)

    def prepare(self, runtime: str) -> None:
        """Create the image of a runtime in the background, before the first invocation needs it.

        Raises NotImplementedError for a Python or Node.js that this machine lacks. Functions of other
        languages are refused when they are invoked.
        """
        if version_of(runtime):
            self._python.prepare(runtime)
        elif is_node(runtime):
            self._node.check(runtime)

    def notices(self) -> list[str]:
        """Return a line for each runtime whose functions run on another version of its language."""
        return [*self._python.notices(), *self._node.notices()]

    def _of_language(self, runtime: str) -> PythonImages | NodeImages:
        if version_of(runtime):
            return self._python
        if is_node(runtime):
            return self._node
        raise NotImplementedError(
            f"The runtime {runtime} is not supported: use a Python or a Node.js runtime."
        )
