"""The lab's daemon: binds the host's loopback, leaves the host, serves AWS's API from inside."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys

from vpcache.lab.daemon.startup import cache_botocore_endpoints
from vpcache.lab.errors import LabError
from vpcache.lab.network.isolation import run_isolated
from vpcache.lab.network.naming import WORK_DIR


def main() -> None:
    """Start the daemon and leave it behind. Says `ready` or one line of complaint on the ready descriptor."""
    options = _options()
    with os.fdopen(options.ready_fd, "w") as ready:
        try:
            listener = _bind(options.port)
            run_isolated(lambda pid: _serve(listener, pid, options.ready_fd))
        except LabError as error:
            ready.write(f"{error}\n")
            sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--ready-fd", type=int, default=1, help="where to say that the lab serves")
    return parser.parse_args()


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise LabError(
            f"port {port} on 127.0.0.1 cannot be had ({error.strerror}): end what uses it, "
            "or give the lab another port with VPCACHE_LAB_PORT"
        ) from error
    listener.listen(128)
    return listener


def _serve(listener: socket.socket, pid: int, ready_fd: int) -> None:
    gc.disable()  # of the many objects that imports make none is garbage
    cache_botocore_endpoints()
    # imported here: the user namespace must be entered before any thread starts, and imports may start one
    from werkzeug.serving import make_server

    from vpcache.lab.aws.gateway.app import create_app
    from vpcache.lab.daemon.api import LabApi
    from vpcache.lab.daemon.host_check import HostHeaderMiddleware
    from vpcache.lab.daemon.region import Region
    from vpcache.lab.services.http import RequestHandler

    region = Region(WORK_DIR)
    aws = create_app(region.functions, region.reconcile, lambda: region.settings)
    region.open_api(aws)
    app = HostHeaderMiddleware(LabApi(aws, region, pid))
    region.reconcile()
    server = make_server(
        "127.0.0.1",
        listener.getsockname()[1],
        app,
        threaded=True,
        fd=listener.fileno(),
        request_handler=RequestHandler,
    )
    gc.freeze()
    gc.enable()
    os.write(ready_fd, b"ready\n")
    os.close(ready_fd)
    server.serve_forever()


if __name__ == "__main__":
    main()
