"""The client of a lab: starts it, stops it and calls its API."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from vpcache.lab.daemon.process_stats import ProcessStats
from vpcache.lab.daemon_environment import daemon_environment
from vpcache.lab.errors import LabError, LabNotRunningError
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.flows.drops import Drop
from vpcache.lab.host import check_host, start_advice
from vpcache.lab.origins import Origin, OriginRequest, UnservedHost, normalized
from vpcache.lab.owner import LabOwner, obstacle, this_process
from vpcache.lab.permissions import AuthorizedRequest, Permissions
from vpcache.lab.privileges import is_container, start_failure
from vpcache.lab.settings import LabSettings
from vpcache.lab.snapshots.file import read_snapshot, replace_file
from vpcache.program import command, typed

DEFAULT_PORT = 4600
_REQUEST_TIMEOUT = 5.0  # seconds, as all timeouts here
_CONSISTENCY_TIMEOUT = 60.0
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 10.0
_SNAPSHOT_TIMEOUT = 120.0


@dataclass(frozen=True)
class LabStatus:
    """Whether a lab runs at `endpoint`, its process ID on the host, its active faults and its owner.

    The owner is None if the lab is not running, and for a lab of an earlier release. `state_folder` is the
    folder in which it keeps its state, None if it keeps none.
    """

    running: bool
    endpoint: str
    pid: int | None = None
    faults: tuple[Fault, ...] = ()
    owner: LabOwner | None = None
    state_folder: str | None = None

    def check_owner(self, *, enters: bool = False) -> None:
        """Raise LabError if the lab belongs to another user.

        With `enters`, for its processes and namespaces, raise it also if it runs in another container.
        """
        if reason := obstacle(self.owner, this_process(), enters=enters):
            raise LabError(f"the lab at {self.endpoint} {reason}")


class Lab:
    """A lab on a port of the host's loopback interface."""

    def __init__(self, port: int = DEFAULT_PORT) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        # requests to loopback must not go through a proxy that the user's environment names
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def status(self) -> LabStatus:
        """Return whether this lab runs. Raises LabError if another program answers on its port."""
        try:
            answer = self.ask("GET", "status")
        except LabNotRunningError:
            return LabStatus(running=False, endpoint=self.endpoint)
        owner = LabOwner(**answer["owner"]) if "owner" in answer else None
        return LabStatus(
            running=True,
            endpoint=self.endpoint,
            pid=int(answer["pid"]),
            faults=_faults(answer["faults"]),
            owner=owner,
            state_folder=answer.get("state_folder"),
        )

    def start(
        self, log: Path, *, all_addresses: bool = False, persist: str | Path | None = None
    ) -> LabStatus:
        """Start the lab unless it runs, and wait until it serves. The daemon's output is appended to `log`.

        With `all_addresses` it listens on all addresses of this container, so that a published port reaches
        it. With `persist` it keeps its state in that folder, and starts with the state that the folder has.
        Raises LabError if the port is in use, if the host lacks something that the lab requires, for
        `all_addresses` outside a container, for a folder that another lab uses or whose state this lab
        cannot load, and if the lab runs and keeps its state elsewhere.
        """
        folder = None if persist is None else Path(persist).absolute()
        status = self.status()
        if status.running:
            if folder and (kept := status.state_folder) != str(folder):
                raise LabError(
                    f"the lab at {self.endpoint} is running and keeps its state "
                    f"{f'in {kept}' if kept else 'in no folder'}, not in {folder}: stop it with "
                    f"`{command('lab.stop')}`, or leave --persist and VPCACHE_LAB_PERSIST out"
                )
            return status
        check_host(command("lab.start"))
        if all_addresses and not is_container(os.environ):
            raise LabError(
                "this is no container: outside, the lab listens on 127.0.0.1 only, where other machines do "
                "not reach it; leave --all-addresses out"
            )
        log.parent.mkdir(parents=True, exist_ok=True)
        reader, writer = os.pipe()
        with log.open("ab") as out:
            daemon = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "vpcache.lab.daemon.server",
                    "--host",
                    "0.0.0.0" if all_addresses else "127.0.0.1",  # noqa: S104  # of a container
                    "--port",
                    str(self.port),
                    "--ready-fd",
                    str(writer),
                    *(("--persist", str(folder)) if folder else ()),
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
        message = _read_line(reader, _START_TIMEOUT)
        daemon.wait()  # it ends once it has forked the lab
        if message != "ready":
            raise LabError(start_failure(message, log))
        return self.status()

    def stop(self) -> bool:
        """Stop the lab with everything in it, and wait for its end. Returns whether it was running.

        A lab that keeps its state writes it first. Raises LabError if it belongs to another user, or does
        not end.
        """
        status = self.status()
        if status.pid is None:
            return False
        status.check_owner(enters=True)
        if status.state_folder:
            try:
                self.ask("POST", "state", timeout=_SNAPSHOT_TIMEOUT)
            except LabError as error:
                raise LabError(
                    f"the lab cannot keep its state: {error}; `kill {status.pid}` stops it without its last "
                    "changes"
                ) from error
        process = os.pidfd_open(status.pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGTERM)
            if not select.select([process], [], [], _STOP_TIMEOUT)[0]:
                raise LabError(f"the lab (process {status.pid}) does not stop: run `kill -9 {status.pid}`")
        finally:
            os.close(process)
        return True

    def is_in_use(self) -> bool:
        """Return whether a call may have changed the running lab since its start."""
        return bool(self.ask("GET", "in-use")["is_in_use"])

    def save(self, path: str | Path) -> int:
        """Write a snapshot of the running lab to a file, and return its size in bytes.

        It has all resources, the code of functions, the objects of S3, settings, faults and origins; it has
        no items of caches. It has the passwords and keys that are in the lab. An existing file is replaced
        once the new one is complete. Raises LabError if the file cannot be written.
        """
        content = self._send("GET", "snapshot", timeout=_SNAPSHOT_TIMEOUT)
        try:
            replace_file(Path(path), content)
        except OSError as error:
            raise LabError(f"{path} cannot be written ({error.strerror}): choose another file") from error
        return len(content)

    def load(self, path: str | Path) -> list[str]:
        """Load a snapshot of a lab of the same version into the running lab, which nobody has used yet.

        Its settings are replaced. Load files of people whose functions you would run: a snapshot contains
        code. Returns what could not be set, such as origins whose folder this machine lacks, one line each.
        Raises SnapshotError for a file that this lab cannot load, and LabError if the lab is in use.
        """
        content, name = read_snapshot(Path(path)), str(path)
        again = command("lab.load", name)
        query = urlencode({"name": name, "remedy": f"`{again} --replace` stops it first, with its stacks"})
        answer = json.loads(self._send("PUT", f"snapshot?{query}", content, timeout=_SNAPSHOT_TIMEOUT))
        return [str(problem) for problem in answer["problems"]]

    def fault(
        self,
        kind: FaultKind | str,
        target: str,
        mode: Mode | str | None = None,
        *,
        seconds: float | None = None,
    ) -> tuple[Fault, ...]:
        """Inject a fault, which stays active until it is cleared; it replaces another fault of its target.

        `vpcache.lab.faults` has the kinds, targets and modes; the default is the kind's first mode (`MODES`).
        A cache node's target is "cluster/0001", or "eu-west-1/cluster/0001" where several regions have such a
        node. `seconds` is the delay of a slow origin. The mode `restarted` leaves no active fault.

        Returns all active faults. Raises LabError for an unknown target, with the targets to choose from.
        """
        body = {"kind": kind, "target": target, "mode": mode, "seconds": seconds}
        return _faults(self.ask("PUT", "faults", body))

    def clear_faults(
        self, kind: FaultKind | str | None = None, target: str | None = None
    ) -> tuple[Fault, ...]:
        """Remove the fault of one target, in any mode, or all faults if no target is given.

        A target without a fault is no error. Returns the faults that remain active.
        """
        body = None if kind is None else {"kind": kind, "target": target}
        return _faults(self.ask("DELETE", "faults", body))

    @contextmanager
    def faulted(
        self,
        kind: FaultKind | str,
        target: str,
        mode: Mode | str | None = None,
        *,
        seconds: float | None = None,
    ) -> Iterator[None]:
        """Inject a fault as `fault` does for the time of a `with` block."""
        self.fault(kind, target, mode, seconds=seconds)
        try:
            yield
        finally:
            self.clear_faults(kind, target)

    def faults(self) -> tuple[Fault, ...]:
        """Return the active faults, oldest first."""
        return _faults(self.ask("GET", "faults"))

    def settings(self) -> LabSettings:
        """Return the lab's settings."""
        return LabSettings(**self.ask("GET", "settings"))

    def configure(self, **values: int | str) -> LabSettings:
        """Change some settings (`vpcache.lab.settings.LabSettings`) of the running lab and return all.

        Raises LabError for unknown names and invalid values.
        """
        return LabSettings(**self.ask("PUT", "settings", values))

    def calls(self) -> dict[str, int]:
        """Return how often each operation of AWS's API was called since the lab started.

        The keys are like `ec2:CreateVpc`: the service's signing name and the operation's name in its API.
        """
        calls: dict[str, int] = self.ask("GET", "calls")["calls"]
        return calls

    def audit(self) -> tuple[Permissions, ...]:
        """Return the used and unused permissions of every role and user that made a call.

        Only calls while the setting `iam` is "enforce" count, and all calls of functions and of Lambda itself
        with the roles of functions.
        """
        return tuple(Permissions.of(each) for each in self.ask("GET", "audit"))

    def authorized_requests(self) -> tuple[AuthorizedRequest, ...]:
        """Return the actions and resources for which policies were evaluated, with their condition keys.

        Only calls while the setting `iam` is "enforce" count. Of requests that differ only in their time, the
        first is returned.
        """
        return tuple(AuthorizedRequest.of(each) for each in self.ask("GET", "authorized-requests"))

    def unused_permissions(self, principal: str) -> tuple[str, ...]:
        """Return the actions that a role or user, by ARN or name, may perform and never did.

        Raises LabError if it made no call that `audit` counts.
        """
        audits = self.audit()
        for each in audits:
            if principal in (each.principal, each.principal.rpartition("/")[2]):
                return each.unused
        names = ", ".join(each.principal for each in audits) or "none"
        raise LabError(f"unknown principal {principal!r}: those that made a call are {names}")

    def identity_token(self, issuer: str, **claims: Any) -> str:
        """Return a token of an OpenID Connect issuer for AssumeRoleWithWebIdentity, valid for five minutes.

        The issuer is an https:// URL, such as "https://token.actions.githubusercontent.com", and needs a
        provider in the role's account. AWS requires the claims `sub` and `aud`. Raises LabError for an
        invalid issuer.
        """
        answer = self.ask("POST", "identity-token", {"issuer": issuer, "claims": claims})
        return str(answer["token"])

    def show_drill(self, progress: Mapping[str, Any]) -> None:
        """Show the progress of a drill on the lab's page, in place of that before.

        It has the texts `name`, `zone`, `stack` and `phase`; `is_running`; `injected` and `removed`, in ms
        since the epoch or None; and `seconds`, a list of objects with `at` (ms since the epoch), `requests`,
        `errors`, `hit_rate` (0 to 1 or None), `p50_ms` and `p99_ms`. Raises LabError for invalid values.
        """
        self.ask("PUT", "drill", dict(progress))

    def origin_calls(self) -> dict[str, int]:
        """Return the number of calls by path of the lab's origin, and by host and path of function URLs."""
        calls: dict[str, int] = self.ask("GET", "origin")["calls"]
        return calls

    def serve_origin(
        self,
        name: str,
        *,
        folder: str | Path | None = None,
        port: int | None = None,
        status: int | None = None,
        delay: float = 0.0,
    ) -> Origin:
        """Add the HTTPS host `name` to the lab's internet, or replace the one that was added before.

        It serves the files of `folder` (`/employees` is `employees`, `employees.json` or
        `employees/index.html`), or passes requests on to `port` of this machine's 127.0.0.1, or answers all
        requests with the HTTP status `status`; each answer comes after `delay` seconds, at most 60. DNS
        resolves the name, and functions trust its certificate. Returns the origin. Raises LabError for an
        invalid value, a host that the lab serves itself, and more than 22 origins.
        """
        folder = None if folder is None else str(Path(folder).absolute())
        body = {"name": name, "folder": folder, "port": port, "status": status, "delay": delay}
        return Origin(**self.ask("PUT", "origins", body))

    def remove_origin(self, name: str) -> None:
        """Remove an origin that `serve_origin` added. Raises LabError for an unknown name."""
        self.ask("DELETE", "origins", {"name": name})

    def origins(self) -> tuple[Origin, ...]:
        """Return the origins that were added, sorted by name."""
        return tuple(Origin(**each) for each in self.ask("GET", "origins"))

    def origin_requests(self, name: str | None = None) -> tuple[OriginRequest, ...]:
        """Return the newest 1,000 requests to added origins, or to one of them, oldest first."""
        requests = (OriginRequest(**each) for each in self.ask("GET", "origin-requests"))
        return tuple(each for each in requests if name is None or each.origin == normalized(name))

    def drops(self) -> tuple[Drop, ...]:
        """Return the flows that security groups and network ACLs dropped in the last minute, newest first."""
        return tuple(Drop.from_json(each) for each in self.ask("GET", "drops"))

    def connect(self, address: str, port: int, *, interface: str | None = None) -> str:
        """Open a TCP connection from an interface's network, or from the internet if `interface` is None.

        Returns "connected", "refused", "timeout" (after 2 s) or the kernel's error, in lower case.
        """
        source = {} if interface is None else {"interface": interface}
        return str(self.ask("POST", "connect", {"address": address, "port": port, **source})["outcome"])

    def daemon_stats(self) -> ProcessStats:
        """Return the resource usage of the daemon, without its function and memcached processes."""
        return ProcessStats(**self.ask("GET", "process-stats"))

    def places(self, name: str) -> list[dict[str, str]]:
        """Return the namespaces behind `name`, each with its region, zone and DNS resolver.

        The name may have a region as prefix: "eu-west-1/cluster/0001". Raises LabError for an unknown name,
        and for a name without region that several regions have.
        """
        places: list[dict[str, str]] = self.ask("GET", "places")
        matches = [place for place in places if name in (place["name"], f"{place['region']}/{place['name']}")]
        if not matches:
            names = ", ".join(dict.fromkeys(place["name"] for place in places))
            raise LabError(f"unknown name {name!r}; choose from {names}")
        regions = sorted({place["region"] for place in matches})
        if len(regions) > 1:
            choices = ", ".join(f"{region}/{name}" for region in regions)
            raise LabError(f"ambiguous name {name!r}; choose from {choices}")
        return matches

    def tree(self) -> list[str]:
        """Return the lab's topology as a tree, line by line."""
        return [str(line) for line in self.ask("GET", "tree")["lines"]]

    def notices(self) -> list[str]:
        """Return how functions differ from AWS's on this machine, and the hosts that nobody serves.

        The first kind has a line for each runtime without an interpreter on this machine, the second one for
        each environment variable of a function whose URL has a host that the lab's internet does not have.
        """
        answer = self.ask("GET", "notices")
        unserved = (UnservedHost(**each) for each in answer["unserved"])
        return [*map(str, answer["lines"]), *(_unserved_notice(each) for each in unserved)]

    def differences(self) -> list[str]:
        """Return the drift between the lab's model and its kernel and processes, one line per difference."""
        answer = self.ask("GET", "consistency", timeout=_CONSISTENCY_TIMEOUT)
        return [str(difference) for difference in answer["differences"]]

    def ask(self, method: str, resource: str, body: Any = None, *, timeout: float = _REQUEST_TIMEOUT) -> Any:
        """Call the lab's own API (`/_lab/...`), not AWS's, and return the answer; `timeout` is in seconds.

        Raises LabNotRunningError if nothing listens on the port, and LabError if the answer is an error
        or does not come from a lab.
        """
        data = None if body is None else json.dumps(body).encode()
        try:
            return json.loads(self._send(method, resource, data, timeout=timeout))
        except ValueError as error:
            raise LabError(self._not_a_lab()) from error

    def _send(self, method: str, resource: str, data: bytes | None = None, *, timeout: float) -> bytes:
        """Send a request to the lab's own API and return the answer. Raises as `ask` does."""
        request = urllib.request.Request(  # noqa: S310  # always http on loopback
            f"{self.endpoint}/_lab/{resource}",
            method=method,
            data=data,
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise LabError(_message(error) or self._not_a_lab()) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise LabNotRunningError(
                    f"the lab is not running at {self.endpoint}: "
                    f"{start_advice(command('lab.start'), typed())}"
                ) from None
            raise LabError(self._not_a_lab()) from error
        except (OSError, HTTPException) as error:
            raise LabError(self._not_a_lab()) from error

    def _not_a_lab(self) -> str:
        return (
            f"port {self.port} on 127.0.0.1 is used by a program that is not a lab: "
            "stop it, or choose another port for the lab with VPCACHE_LAB_PORT"
        )


def _faults(answer: list[dict[str, Any]]) -> tuple[Fault, ...]:
    return tuple(Fault.create(**fault) for fault in answer)


def _unserved_notice(unserved: UnservedHost) -> str:
    serve = f"{command('lab.origin', unserved.host)} --serve DIR"
    return (
        f"{unserved.variable} of function {unserved.function} names {unserved.host}, which the lab's "
        f"internet does not have: `{serve}` adds it"
    )


def _message(error: urllib.error.HTTPError) -> str | None:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _read_line(reader: int, timeout: float) -> str:
    """Return the first line from a pipe, or what it had sent at its end or after `timeout` silent seconds."""
    received = b""
    with open(reader, "rb", buffering=0) as stream:
        while select.select([stream], [], [], timeout)[0]:
            part = stream.read(4096)
            if not part:
                break
            received += part
            if received.endswith(b"\n"):
                break
    return received.decode().strip()
