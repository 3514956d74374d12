"""The lab's own API, `/_lab/...`, beside AWS's: what a test needs that no AWS call can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from vpcache.lab.aws.gateway.app import ControlPlane
from vpcache.lab.daemon.process_stats import process_stats
from vpcache.lab.daemon.region import Region
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault

T = TypeVar("T")

PREFIX = "/_lab/"


class LabApi:
    """Serves the lab's API and passes every other request on to AWS's."""

    def __init__(self, aws: ControlPlane, region: Region, pid: int) -> None:
        self._aws = aws
        self._region = region
        self._pid = pid

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._aws(environ, start_response)
        request = Request(environ)
        try:
            answer, status = self._answer(request), 200
        except LabError as error:
            answer, status = {"error": str(error)}, 400
        except HTTPException as error:
            answer, status = {"error": f"{request.path}: {error.description}"}, error.code or 500
        return Response(json.dumps(answer), status=status, mimetype="application/json")(
            environ, start_response
        )

    def _answer(self, request: Request) -> Any:
        resource = request.path.removeprefix(PREFIX)
        handlers: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "status"): lambda: {
                "pid": self._pid,
                "faults": _shown(self._region.faults),
            },
            ("GET", "calls"): lambda: {"calls": self._aws.calls.counts()},
            ("GET", "process-stats"): lambda: asdict(process_stats()),
            ("GET", "consistency"): lambda: {"differences": self._at_rest(self._region.differences)},
            ("GET", "places"): lambda: self._at_rest(
                lambda: [asdict(place) for place in self._region.directory()]
            ),
            ("GET", "tree"): lambda: {"lines": self._at_rest(self._region.tree)},
            ("GET", "settings"): lambda: asdict(self._region.settings),
            ("PUT", "settings"): lambda: asdict(self._region.change_settings(_object(request))),
            ("GET", "origin"): lambda: {"calls": self._region.origin_calls()},
            ("POST", "connect"): lambda: self._connect(_object(request)),
            ("GET", "faults"): lambda: _shown(self._region.faults),
            ("PUT", "faults"): lambda: _shown(self._region.fault(_fault(request))),
            ("DELETE", "faults"): lambda: _shown(self._region.clear_faults(*_cleared(request))),
        }
        if not any(resource == known for _, known in handlers):
            raise NotFound
        handler = handlers.get((request.method, resource))
        if handler is None:
            raise MethodNotAllowed
        return handler()

    def _at_rest(self, question: Callable[[], T]) -> T:
        with self._aws.at_rest():
            return question()

    def _connect(self, body: dict[str, Any]) -> dict[str, str]:
        try:
            source, address, port = body.get("interface"), str(body["address"]), int(body["port"])
        except (KeyError, ValueError) as error:
            raise BadRequest("give address, port and, unless from the internet, interface") from error
        return {"outcome": self._region.connect(source, address, port)}


def _object(request: Request) -> dict[str, Any]:
    body = request.get_json(force=True)
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _shown(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in faults]


def _fault(request: Request) -> Fault:
    body = _object(request)
    try:
        return Fault(**body)
    except TypeError as error:
        raise BadRequest("a fault has a kind, a target and, if need be, a mode and seconds") from error


def _cleared(request: Request) -> tuple[str | None, str | None]:
    """Return the kind and target of the fault to clear, or None for all faults."""
    if not request.get_data():
        return None, None
    body = _object(request)
    if body.keys() < {"kind", "target"}:
        raise BadRequest("give kind and target, or no body to clear all faults")
    return body["kind"], body["target"]
