"""The edge to the kernel: makes a network stand in namespaces, by difference from what stands."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import PIPE, STDOUT

from vpcache.lab.errors import LabError
from vpcache.lab.network.netns import NAMED, Namespaces
from vpcache.lab.network.steps import IpBatch, Line, Namespace, Network, Ruleset, Step, Sysctls, changes

_SYSCTLS = Path("/proc/sys")


class KernelError(LabError):
    """A command that the kernel or its tools refused, with what they said."""


class Kernel:
    """Makes networks stand. It remembers what stands, so nothing else may touch the namespaces.

    Not for use by several threads at once.
    """

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._applied = Network()

    @property
    def applied(self) -> Network:
        """The network that stands, if nobody else touched it."""
        return self._applied

    def apply(self, network: Network) -> None:
        """Make `network` stand in place of what stands. Raises KernelError.

        After an error no packet passes anywhere: the namespaces stay, for the processes in them, but without
        links, and the next `apply` makes everything else anew.
        """
        try:
            for step in changes(self._applied, network):
                self._take(step)
        except KernelError:
            self._strip(network)
            raise
        self._applied = network

    def close(self) -> None:
        """Take away all that stands. Raises KernelError."""
        self.apply(Network())

    def _take(self, step: Step) -> None:
        match step:
            case IpBatch(namespace, commands):
                self._ip(namespace, commands)
            case Ruleset(namespace, text):
                status, said = self._run(namespace, ["nft", "-f", "-"], text)
                if status:
                    raise KernelError(f"nft -f - in namespace {namespace} failed: {said}")
            case Sysctls(namespace, values):
                self._write(namespace, values)

    def _ip(self, namespace: str | None, commands: tuple[str, ...]) -> None:
        status, said = self._run(namespace, ["ip", "-batch", "-"], "\n".join(commands))
        if status:
            failed = re.search(r"Command failed -:(\d+)", said)
            command = commands[int(failed[1]) - 1] if failed else "-batch -"
            raise KernelError(f"ip {command} in namespace {namespace or 'of the lab'} failed: {said}")

    def _write(self, namespace: str, values: tuple[tuple[str, str], ...]) -> None:
        def func() -> None:
            for path, value in values:
                (_SYSCTLS / path).write_text(value)

        try:
            self._namespaces.run(namespace, func)
        except OSError as error:
            raise KernelError(
                f"cannot set sysctls in namespace {namespace} ({error}): "
                "the lab needs a writable /proc/sys; a container needs to be given one"
            ) from error

    def _run(self, namespace: str | None, command: list[str], text: str) -> tuple[int, str]:
        """Run a tool with `text` as its input; return its exit status and what it said."""
        start = subprocess.Popen if namespace is None else partial(self._namespaces.popen, namespace)
        try:
            process = start(command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
        except OSError as error:
            raise KernelError(
                f"cannot run {command[0]} in namespace {namespace or 'of the lab'}: {error}"
            ) from error
        said, _ = process.communicate(text.encode())
        return process.returncode, said.decode(errors="replace").strip()

    def _strip(self, attempted: Network) -> None:
        """Take away all but the namespaces, as far as it is there: a failure leaves unknown what stands.

        A namespace that the attempt made goes, too: it may be half made, and nobody lives in it.
        """
        networks = (self._applied, attempted)
        for name in attempted.namespaces.keys() - self._applied.namespaces.keys():
            if (NAMED / name).exists():
                self._run(None, ["ip", "-batch", "-"], f"netns del {name}")
        namespaces: dict[str, tuple[Line, ...]] = {}
        for network in networks:
            for name, namespace in network.namespaces.items():
                if (NAMED / name).exists():
                    namespaces[name] = (*namespaces.get(name, ()), *namespace.lines)
        links = tuple({link for network in networks for link in network.links})
        possible = Network({name: Namespace(lines) for name, lines in namespaces.items()}, links)
        bare = Network(dict.fromkeys(namespaces, Namespace()))
        for step in changes(possible, bare):
            if isinstance(step, IpBatch) and step.namespace in namespaces:
                with suppress(KernelError):  # the first error is the one to report
                    self._run(step.namespace, ["ip", "-force", "-batch", "-"], "\n".join(step.commands))
        self._applied = bare
