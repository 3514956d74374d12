"""The lab from outside: start it, stop it, ask it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpcache.lab.daemon.process_stats import ProcessStats
from vpcache.lab.daemon_environment import daemon_environment
from vpcache.lab.errors import LabError, LabNotRunningError
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.settings import Settings
from vpcache.program import command

DEFAULT_PORT = 4600
_ANSWER_SECONDS = 5.0
_CHECK_SECONDS = 60.0  # that a consistency check may take
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class LabStatus:
    """Whether a lab runs at `endpoint`, as which process of the host, and the faults in force there."""

    running: bool
    endpoint: str
    pid: int | None = None
    faults: tuple[Fault, ...] = ()


class Lab:
    """A lab on a port of the host's loopback."""

    def __init__(self, port: int = DEFAULT_PORT) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        # a proxy that the user's environment names must not be asked for the way to loopback
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def status(self) -> LabStatus:
        """Return whether this lab runs. Raises LabError if something else answers on its port."""
        try:
            answer = self.ask("GET", "status")
        except LabNotRunningError:
            return LabStatus(running=False, endpoint=self.endpoint)
        return LabStatus(True, self.endpoint, int(answer["pid"]), _faults(answer["faults"]))

    def start(self, log: Path) -> LabStatus:
        """Start the lab unless it runs, and wait until it serves. `log` receives what the daemon says.

        Raises LabError if the port is taken or the host lacks what the lab needs.
        """
        status = self.status()
        if status.running:
            return status
        log.parent.mkdir(parents=True, exist_ok=True)
        reader, writer = os.pipe()
        with log.open("ab") as out:
            daemon = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "vpcache.lab.daemon.server",
                    "--port",
                    str(self.port),
                    "--ready-fd",
                    str(writer),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[writer],
                start_new_session=True,
                cwd="/",
                env=daemon_environment(os.environ),
            )
        os.close(writer)
        said = _read_until_closed(reader, _START_SECONDS)
        daemon.wait()  # it has forked the lab and is done
        if said != "ready":
            raise LabError(
                said
                or "the lab did not start: `python -m vpcache.lab.doctor` says what this machine lacks, "
                f"{log} more"
            )
        return self.status()

    def stop(self) -> bool:
        """End the lab and all that lives in it, and wait until it is gone. Returns whether it ran."""
        status = self.status()
        if status.pid is None:
            return False
        process = os.pidfd_open(status.pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGTERM)
            if not select.select([process], [], [], _STOP_SECONDS)[0]:
                raise LabError(f"the lab (process {status.pid}) does not end: `kill -9 {status.pid}` ends it")
        finally:
            os.close(process)
        return True

    def fault(
        self,
        kind: FaultKind | str,
        target: str,
        mode: Mode | str | None = None,
        *,
        seconds: float | None = None,
    ) -> tuple[Fault, ...]:
        """Let something go wrong until it is mended, in the place of what is wrong with the same target.

        Kinds, targets and modes are `vpcache.lab.faults.FaultKind` and `Mode`; without a mode it is the
        kind's usual one (`MODES`). A cache node's target is "cluster/0001", or "eu-west-1/cluster/0001" where
        several regions have such a node. `seconds` is for a slow origin. A `restarted` cache node is sound at
        once, and empty. Returns all faults in force. Raises LabError, which names the targets that there are.
        """
        wanted = {"kind": kind, "target": target, "mode": mode, "seconds": seconds}
        return _faults(self.ask("PUT", "faults", wanted))

    def clear_faults(
        self, kind: FaultKind | str | None = None, target: str | None = None
    ) -> tuple[Fault, ...]:
        """Mend what is wrong with a target, in whatever mode, or everything if none is given.

        What is not wrong is no error. Returns the faults that stay in force.
        """
        wanted = None if kind is None else {"kind": kind, "target": target}
        return _faults(self.ask("DELETE", "faults", wanted))

    @contextmanager
    def faulted(
        self,
        kind: FaultKind | str,
        target: str,
        mode: Mode | str | None = None,
        *,
        seconds: float | None = None,
    ) -> Iterator[None]:
        """Let something go wrong inside a `with` block, as `fault` does, and mend it at the end."""
        self.fault(kind, target, mode, seconds=seconds)
        try:
            yield
        finally:
            self.clear_faults(kind, target)

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults in force, oldest first."""
        return _faults(self.ask("GET", "faults"))

    def settings(self) -> Settings:
        """Return the lab's settings."""
        return Settings(**self.ask("GET", "settings"))

    def configure(self, **values: int) -> Settings:
        """Change some settings (`vpcache.lab.settings.Settings`) of the running lab and return all.

        Raises LabError for what cannot be set.
        """
        return Settings(**self.ask("PUT", "settings", values))

    def calls(self) -> dict[str, int]:
        """Return how often each operation of AWS's API was called since the lab began, by service.

        The names are as in `ec2:CreateVpc`: a service's signing name and the API's name of the operation.
        """
        calls: dict[str, int] = self.ask("GET", "calls")["calls"]
        return calls

    def origin_calls(self) -> dict[str, int]:
        """Return the number of calls by path of the lab's origin, and by host and path of function URLs."""
        calls: dict[str, int] = self.ask("GET", "origin")["calls"]
        return calls

    def connect(self, address: str, port: int, *, interface: str | None = None) -> str:
        """Open a TCP connection from an interface's network, or from the internet if `interface` is None.

        Returns "connected", "refused", "timeout" (after 2 s) or the kernel's error, in lower case.
        """
        source = {} if interface is None else {"interface": interface}
        return str(self.ask("POST", "connect", {"address": address, "port": port, **source})["outcome"])

    def daemon_stats(self) -> ProcessStats:
        """Return what the daemon itself holds: not its workers, nor the cache nodes' processes."""
        return ProcessStats(**self.ask("GET", "process-stats"))

    def places(self, name: str) -> list[dict[str, str]]:
        """Return the places called `name`: with their namespace, region, zone and resolver.

        A region may stand before the name, as in "eu-west-1/cluster/0001". Raises LabError for an unknown
        name, and for one that is in several regions.
        """
        known: list[dict[str, str]] = self.ask("GET", "places")
        found = [place for place in known if name in (place["name"], f"{place['region']}/{place['name']}")]
        if not found:
            names = ", ".join(dict.fromkeys(place["name"] for place in known))
            raise LabError(f"nothing in the lab is called {name!r}; there is: {names}")
        regions = sorted({place["region"] for place in found})
        if len(regions) > 1:
            choices = ", ".join(f"{region}/{name}" for region in regions)
            raise LabError(f"{name!r} is in several regions: use one of {choices}")
        return found

    def tree(self) -> list[str]:
        """Return the lab's topology as lines for people."""
        return [str(line) for line in self.ask("GET", "tree")["lines"]]

    def differences(self) -> list[str]:
        """Return in what the lab's kernel and processes differ from its model, nothing if they agree."""
        answer = self.ask("GET", "consistency", timeout=_CHECK_SECONDS)
        return [str(each) for each in answer["differences"]]

    def ask(self, method: str, resource: str, body: Any = None, *, timeout: float = _ANSWER_SECONDS) -> Any:
        """Call the lab's own API (`/_lab/...`), not AWS's, and return its answer within `timeout` seconds.

        Raises LabNotRunningError if nothing listens, LabError if the answer is an error or no lab's.
        """
        request = urllib.request.Request(
            f"{self.endpoint}/_lab/{resource}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise LabError(_message(error) or self._not_a_lab()) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise LabNotRunningError(
                    f"the lab is not running at {self.endpoint}: `{command('lab.start')}` starts it"
                ) from None
            raise LabError(self._not_a_lab()) from error
        except (OSError, ValueError) as error:
            raise LabError(self._not_a_lab()) from error

    def _not_a_lab(self) -> str:
        return (
            f"port {self.port} on 127.0.0.1 is taken by something that is not a lab: "
            "end it, or give the lab another port with VPCACHE_LAB_PORT"
        )


def _faults(shown: list[dict[str, Any]]) -> tuple[Fault, ...]:
    return tuple(Fault(**each) for each in shown)


def _message(error: urllib.error.HTTPError) -> str | None:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _read_until_closed(reader: int, seconds: float) -> str:
    said = b""
    with open(reader, "rb", buffering=0) as stream:
        while select.select([stream], [], [], seconds)[0]:
            part = stream.read(4096)
            if not part:
                break
            said += part
            if said.endswith(b"\n"):
                break
    return said.decode().strip()
