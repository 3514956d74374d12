"""The edge to the kernel: applies networks to namespaces, each as a difference from the one before."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import PIPE, STDOUT

from vpcache.lab.errors import LabError
from vpcache.lab.network.netns import NAMED, Namespaces
from vpcache.lab.network.steps import IpBatch, IpEntry, Namespace, Network, Ruleset, Step, Sysctls, changes

SYSCTLS = Path("/proc/sys")


class KernelError(LabError):
    """A command that the kernel or its tools rejected, with their output."""


class Kernel:
    """Applies networks. It remembers the applied one, so nothing else may change the namespaces.

    Not for concurrent use by several threads.
    """

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._applied = Network()

    @property
    def applied(self) -> Network:
        """The network that was applied last."""
        return self._applied

    def apply(self, network: Network) -> None:
        """Replace the current network by `network`. Raises KernelError.

        After an error no packet passes anywhere: the namespaces remain, for the processes in them, but have
        no links, and the next `apply` creates everything else again.
        """
        try:
            for step in changes(self._applied, network):
                self._run_step(step)
        except KernelError:
            self._strip(network)
            raise
        self._applied = network

    def close(self) -> None:
        """Remove the current network. Raises KernelError."""
        self.apply(Network())

    def _run_step(self, step: Step) -> None:
        match step:
            case IpBatch():
                self._run_ip(step)
            case Ruleset(namespace, text):
                status, output = self._run(namespace, ["nft", "-f", "-"], text)
                if status:
                    raise KernelError(f"nft -f - in namespace {namespace} failed: {output}")
            case Sysctls(namespace, values):
                self._write_sysctls(namespace, values)

    def _run_ip(self, batch: IpBatch) -> None:
        status, output = self._run(batch.namespace, _ip(batch), "\n".join(batch.commands))
        if status:
            failed = re.search(r"Command failed -:(\d+)", output)
            command = batch.commands[int(failed[1]) - 1] if failed else "-batch -"
            raise KernelError(f"ip {command} in namespace {batch.namespace or 'of the lab'} failed: {output}")

    def _write_sysctls(self, namespace: str, values: tuple[tuple[str, str], ...]) -> None:
        def write() -> None:
            for path, value in values:
                if sysctl_exists(path):
                    (SYSCTLS / path).write_text(value)

        try:
            self._namespaces.run(namespace, write)
        except OSError as error:
            raise KernelError(
                f"cannot set sysctls in namespace {namespace} ({error}): "
                "the lab needs the capability NET_ADMIN; `python -m vpcache.lab.doctor` says how to give it"
            ) from error

    def _run(self, namespace: str | None, command: list[str], text: str) -> tuple[int, str]:
        """Run a tool with `text` as its input; return its exit status and its output."""
        start = subprocess.Popen if namespace is None else partial(self._namespaces.popen, namespace)
        try:
            process = start(command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
        except OSError as error:
            raise KernelError(
                f"cannot run {command[0]} in namespace {namespace or 'of the lab'}: {error}"
            ) from error
        output, _ = process.communicate(text.encode())
        return process.returncode, output.decode(errors="replace").strip()

    def _strip(self, attempted: Network) -> None:
        """Remove all entries and links after a failed `apply`, and the namespaces that it added.

        A failure leaves a mixture of the previous and the attempted network, and it is unknown which parts of
        each exist. So this method takes the union of both as the current network, computes the steps that
        reduce it to its bare namespaces, and runs them with `ip -force`, which continues after commands that
        fail because their object does not exist. After that the bare namespaces are known to exist, and the
        next `apply` starts from them. Namespaces that the attempt added are deleted first: they may be
        incomplete, and no process runs in them. Rulesets need no reset: `apply` replaces each as a whole.
        """
        networks = (self._applied, attempted)
        for name in attempted.namespaces.keys() - self._applied.namespaces.keys():
            if (NAMED / name).exists():
                self._run(None, ["ip", "-batch", "-"], f"netns del {name}")
        entries: dict[str, tuple[IpEntry, ...]] = {}
        for network in networks:
            for name, namespace in network.namespaces.items():
                if (NAMED / name).exists():
                    entries[name] = (*entries.get(name, ()), *namespace.entries)
        links = tuple({link for network in networks for link in network.links})
        union = Network({name: Namespace(each) for name, each in entries.items()}, links)
        bare = Network(dict.fromkeys(entries, Namespace()))
        for step in changes(union, bare):
            if isinstance(step, IpBatch) and step.namespace in entries:
                with suppress(KernelError):  # the first error is the one to report
                    self._run(step.namespace, _ip(step, "-force"), "\n".join(step.commands))
        self._applied = bare


def sysctl_exists(path: str) -> bool:
    """Return whether the kernel has a sysctl: without IPv6, it has none below `net/ipv6`."""
    return not path.startswith("net/ipv6/") or (SYSCTLS / "net/ipv6").exists()


def _ip(batch: IpBatch, *options: str) -> list[str]:
    """Return the command that reads a batch. With `-4`, `ip` would reject the other version's addresses."""
    version = ["-6"] if batch.version == 6 else []
    return ["ip", *version, *options, "-batch", "-"]
