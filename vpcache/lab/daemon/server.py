"""The lab's daemon: binds a port of the host's loopback, enters its namespaces and serves AWS's API there."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

from vpcache.lab.daemon.host_loopback import HostLoopback
from vpcache.lab.daemon.memory import trim_when_idle, use_one_heap
from vpcache.lab.errors import LabError
from vpcache.lab.network.isolation import run_isolated
from vpcache.lab.network.naming import WORK_DIR
from vpcache.lab.owner import LabOwner, this_process
from vpcache.lab.snapshots.folder import StateFolder

if TYPE_CHECKING:
    from vpcache.lab.daemon.startup import StartingApplication


def main() -> None:
    """Start the daemon in the background. Writes `ready` or an error of one line to the ready descriptor."""
    options = _options()
    with os.fdopen(options.ready_fd, "w") as ready:
        try:
            listener = _bind(options.host, options.port)
            owner = this_process()
            loopback = HostLoopback.fork(closed=(listener.fileno(), options.ready_fd))
            folder = StateFolder.open(options.persist) if options.persist else None
            run_isolated(lambda pid: _serve(listener, loopback, pid, owner, options.ready_fd, folder))
        except LabError as error:
            ready.write(f"{error}\n")
            sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port on that address")
    parser.add_argument("--ready-fd", type=int, default=1, help="descriptor that receives the result")
    parser.add_argument("--persist", type=Path, help="folder in which the state is kept; default: none")
    return parser.parse_args()


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise LabError(
            f"port {port} on {host} is unavailable ({error.strerror}): stop the program that uses it, "
            "or choose another port for the lab with VPCACHE_LAB_PORT"
        ) from error
    listener.listen()
    return listener


def _serve(
    listener: socket.socket,
    loopback: HostLoopback,
    pid: int,
    owner: LabOwner,
    ready_fd: int,
    folder: StateFolder | None,
) -> None:
    # imported late: an import may start a thread, and the user namespace must be entered before that
    from vpcache.lab.daemon.http_server import PersistentServer
    from vpcache.lab.daemon.region import Region
    from vpcache.lab.daemon.startup import StartingApplication

    use_one_heap()
    region = Region(WORK_DIR, loopback.connect)

    def status() -> dict[str, Any]:
        return {
            "pid": pid,
            "faults": list(map(asdict, region.faults)),
            "owner": asdict(owner),
            "state_folder": str(folder.path) if folder else None,
        }

    def load() -> WSGIApplication:
        from vpcache.lab.aws.loading.reduction import reduce_data

        reduce_data()
        from vpcache.lab.daemon.application import create_application

        lab = {"endpoint": f"http://127.0.0.1:{listener.getsockname()[1]}", "pid": pid}
        return create_application(region, status, lab, folder)

    application = StartingApplication(load, status)
    server = PersistentServer(listener, application)
    server.prepare()
    if folder:  # a state that is refused is an error of the start
        _load_state(application, listener, ready_fd)
    os.write(ready_fd, b"ready\n")
    os.close(ready_fd)
    if not folder:
        application.start()
    trim_when_idle()
    server.serve()


def _load_state(application: StartingApplication, listener: socket.socket, ready_fd: int) -> None:
    """Load the application with the state in its folder. Ends the process if the state is refused."""
    try:
        application.load()
    except LabError as error:
        listener.shutdown(socket.SHUT_RDWR)  # for the other processes that have it, too
        os.write(ready_fd, f"{error}\n".encode())
        os._exit(1)  # the reader of the descriptor has the message; the log needs no traceback


if __name__ == "__main__":
    main()
