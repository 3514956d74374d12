"""The lab's daemon: binds a port of the host's loopback, enters its namespaces and serves AWS's API there."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys

from vpcache.lab.daemon.host_loopback import HostLoopback
from vpcache.lab.daemon.startup import cache_botocore_endpoints
from vpcache.lab.errors import LabError
from vpcache.lab.network.isolation import run_isolated
from vpcache.lab.network.naming import WORK_DIR
from vpcache.lab.owner import LabOwner, this_process


def main() -> None:
    """Start the daemon in the background. Writes `ready` or an error of one line to the ready descriptor."""
    options = _options()
    with os.fdopen(options.ready_fd, "w") as ready:
        try:
            listener = _bind(options.host, options.port)
            owner = this_process()
            loopback = HostLoopback.fork(closed=(listener.fileno(), options.ready_fd))
            run_isolated(lambda pid: _serve(listener, loopback, pid, owner, options.ready_fd))
        except LabError as error:
            ready.write(f"{error}\n")
            sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port on that address")
    parser.add_argument("--ready-fd", type=int, default=1, help="descriptor that receives the result")
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


def _serve(listener: socket.socket, loopback: HostLoopback, pid: int, owner: LabOwner, ready_fd: int) -> None:
    gc.disable()  # imports create many objects and no garbage
    cache_botocore_endpoints()
    # imported late: an import may start a thread, and the user namespace must be entered before that
    from vpcache.lab.aws.apigateway.requests.hosts import http_api_hosts
    from vpcache.lab.aws.awslambda.urls.calls import FUNCTION_URL_HOSTS
    from vpcache.lab.aws.gateway.app import create_app
    from vpcache.lab.daemon.api import LabApi
    from vpcache.lab.daemon.host_check import HostHeaderMiddleware
    from vpcache.lab.daemon.http_server import PersistentServer
    from vpcache.lab.daemon.link_counters import LinkCounters
    from vpcache.lab.daemon.live.actions import actions
    from vpcache.lab.daemon.live.drill_progress import DrillProgress
    from vpcache.lab.daemon.live.feed import Feed
    from vpcache.lab.daemon.live.invocations import WatchedRunner
    from vpcache.lab.daemon.live.model_reader import read_model
    from vpcache.lab.daemon.live.observer import Observer
    from vpcache.lab.daemon.live.page import PageMiddleware
    from vpcache.lab.daemon.region import Region
    from vpcache.lab.services.named_hosts import NamedHostsMiddleware

    region = Region(WORK_DIR, loopback.connect)
    runner = WatchedRunner(region.functions)
    aws = create_app(runner, region.reconcile, lambda: region.settings)
    region.deliver_flow_logs(aws.flow_logs)
    apis = http_api_hosts()
    region.open_api(NamedHostsMiddleware(aws, apis))
    drills = DrillProgress()
    observer = Observer(
        region,
        LinkCounters(region.namespaces),
        runner,
        drills,
        drops=region.drops,
        model=read_model,
        at_rest=aws.at_rest,
        lab={"endpoint": f"http://127.0.0.1:{listener.getsockname()[1]}", "pid": pid},
    )
    page = PageMiddleware(LabApi(aws, region, drills, pid, owner), Feed(observer), actions(region))
    app = NamedHostsMiddleware(HostHeaderMiddleware(page), apis)
    app = NamedHostsMiddleware(app, FUNCTION_URL_HOSTS)
    region.reconcile()
    server = PersistentServer(listener, app)
    server.prepare()
    gc.freeze()
    gc.enable()
    os.write(ready_fd, b"ready\n")
    os.close(ready_fd)
    server.serve()


if __name__ == "__main__":
    main()
