"""The application on the lab's port: AWS's API, the lab's own API, its page, and the hosts of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

from vpcache.lab.aws.apigateway.requests.hosts import http_api_hosts
from vpcache.lab.aws.awslambda.urls.calls import FUNCTION_URL_HOSTS
from vpcache.lab.aws.gateway.app import create_app
from vpcache.lab.daemon.api import LabApi
from vpcache.lab.daemon.host_check import HostHeaderMiddleware
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
from vpcache.lab.snapshots.folder import StateFolder
from vpcache.lab.snapshots.lab import LabSnapshots
from vpcache.lab.snapshots.persistence import Persistence


def create_application(
    region: Region, status: Callable[[], dict[str, Any]], lab: dict[str, Any], folder: StateFolder | None
) -> WSGIApplication:
    """Return the application, and serve AWS's API inside the lab, too. `lab` is what the page shows of it.

    With a `folder`, the state in it is loaded, and kept from then on. Raises LabError if it is refused.
    """
    runner = WatchedRunner(region.functions)
    aws = create_app(runner, region.reconcile, lambda: region.settings)
    region.deliver_flow_logs(aws.flow_logs)
    apis = http_api_hosts()
    region.open_api(NamedHostsMiddleware(aws, apis))
    snapshots = LabSnapshots(aws, region)
    persistence = (
        Persistence(folder, snapshots, lambda: (aws.writes, runner.changes, region.state()))
        if folder
        else None
    )
    drills = DrillProgress()
    observer = Observer(
        region,
        LinkCounters(region.namespaces),
        runner,
        drills,
        drops=region.drops,
        model=read_model,
        at_rest=aws.at_rest,
        lab=lab,
    )
    page = PageMiddleware(
        LabApi(aws, region, drills, status, snapshots, persistence), Feed(observer), actions(region)
    )
    if persistence:
        for problem in persistence.load():
            print(problem, flush=True)
        persistence.start()
    app = NamedHostsMiddleware(HostHeaderMiddleware(page), apis)
    return NamedHostsMiddleware(app, FUNCTION_URL_HOSTS)
