"""The lab's own API, `/_lab/...`: operations for tests that AWS's API does not offer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from vpcache.lab.aws.gateway.app import ControlPlane
from vpcache.lab.aws.iam.identity_tokens import signed_token
from vpcache.lab.daemon.live.drill_progress import DrillProgress
from vpcache.lab.daemon.process_stats import process_stats
from vpcache.lab.daemon.region import Region
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, fault_kind
from vpcache.lab.origins import Origin
from vpcache.lab.snapshots.lab import LabSnapshots
from vpcache.lab.snapshots.persistence import Persistence

T = TypeVar("T")

PREFIX = "/_lab/"


class LabApi:
    """A WSGI application that serves the lab's API and passes all other requests on to AWS's API."""

    def __init__(
        self,
        aws: ControlPlane,
        region: Region,
        drills: DrillProgress,
        status: Callable[[], dict[str, Any]],
        snapshots: LabSnapshots,
        persistence: Persistence | None,
    ) -> None:
        self._aws = aws
        self._region = region
        self._drills = drills
        self._status = status
        self._snapshots = snapshots
        self._persistence = persistence

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
        if isinstance(answer, bytes):
            return Response(answer, mimetype="application/zip")(environ, start_response)
        return Response(json.dumps(answer), status=status, mimetype="application/json")(
            environ, start_response
        )

    def _answer(self, request: Request) -> Any:
        resource = request.path.removeprefix(PREFIX)
        handlers: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "status"): self._status,
            ("GET", "calls"): lambda: {"calls": self._aws.calls.counts()},
            ("GET", "audit"): lambda: [asdict(each) for each in self._aws.audit()],
            ("GET", "authorized-requests"): lambda: [
                asdict(each) for each in self._aws.authorized_requests()
            ],
            ("POST", "identity-token"): lambda: {"token": _identity_token(_object(request))},
            ("GET", "process-stats"): lambda: asdict(process_stats()),
            ("GET", "consistency"): lambda: {"differences": self._read(self._region.differences)},
            ("GET", "places"): lambda: self._read(
                lambda: [asdict(place) for place in self._region.directory()]
            ),
            ("GET", "tree"): lambda: {"lines": self._read(self._region.tree)},
            ("GET", "settings"): lambda: asdict(self._region.settings),
            ("PUT", "settings"): lambda: asdict(self._region.change_settings(_object(request))),
            ("GET", "notices"): lambda: {
                "lines": self._region.functions.notices(),
                "unserved": [asdict(each) for each in self._region.unserved_hosts()],
            },
            ("GET", "drops"): lambda: [asdict(each) for each in self._region.drops()],
            ("GET", "origins"): lambda: [asdict(each) for each in self._region.origins],
            ("PUT", "origins"): lambda: asdict(self._region.serve_origin(_origin(request))),
            ("DELETE", "origins"): lambda: self._region.remove_origin(str(_object(request).get("name"))),
            ("GET", "origin-requests"): lambda: [asdict(each) for each in self._region.origin_requests],
            ("GET", "origin"): lambda: {"calls": self._region.origin_calls()},
            ("POST", "connect"): lambda: self._connect(_object(request)),
            ("PUT", "drill"): lambda: self._drills.report(_object(request)),
            ("GET", "snapshot"): lambda: self._snapshots.save().packed(),
            ("PUT", "snapshot"): lambda: self._load(request),
            ("GET", "in-use"): lambda: {"is_in_use": self._snapshots.is_in_use},
            ("POST", "state"): self._write_state,
            ("GET", "faults"): lambda: _as_json(self._region.faults),
            ("PUT", "faults"): lambda: _as_json(self._region.fault(_fault(request))),
            ("DELETE", "faults"): lambda: _as_json(self._region.clear_faults(*_cleared(request))),
        }
        if not any(resource == name for _, name in handlers):
            raise NotFound
        handler = handlers.get((request.method, resource))
        if handler is None:
            raise MethodNotAllowed
        return handler()

    def _read(self, func: Callable[[], T]) -> T:
        """Return what `func` returns while no call changes the model."""
        with self._aws.at_rest():
            return func()

    def _write_state(self) -> None:
        if self._persistence:
            try:
                self._persistence.write()
            except OSError as error:
                folder = self._persistence.folder.path
                raise LabError(f"{folder} cannot be written ({error.strerror})") from error

    def _load(self, request: Request) -> dict[str, list[str]]:
        name, remedy = (request.args.get(each, "") for each in ("name", "remedy"))
        return {"problems": self._snapshots.load(request.get_data(), name, remedy)}

    def _connect(self, body: dict[str, Any]) -> dict[str, str]:
        try:
            source, address, port = body.get("interface"), str(body["address"]), int(body["port"])
        except (KeyError, ValueError) as error:
            raise BadRequest(
                "the body must have address, port and, except from the internet, interface"
            ) from error
        return {"outcome": self._region.connect(source, address, port)}


def _identity_token(body: dict[str, Any]) -> str:
    issuer, claims = body.get("issuer"), body.get("claims")
    if not isinstance(issuer, str) or not issuer.startswith("https://") or not isinstance(claims, dict):
        raise BadRequest("the body must have issuer, an https:// URL, and claims, an object")
    return signed_token(issuer, claims, time.time())


def _object(request: Request) -> dict[str, Any]:
    body = request.get_json(force=True)
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _as_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in faults]


def _fault(request: Request) -> Fault:
    body = _object(request)
    try:
        return Fault.create(**body)
    except TypeError as error:
        raise BadRequest("a fault must have kind and target, and may have mode and seconds") from error


def _origin(request: Request) -> Origin:
    try:
        return Origin.create(**_object(request))
    except TypeError as error:
        raise BadRequest("an origin must have name, and may have folder, port, status and delay") from error


def _cleared(request: Request) -> tuple[str | None, str | None]:
    """Return the kind and target of the fault to clear, or None for all faults."""
    if not request.get_data():
        return None, None
    body = _object(request)
    if body.keys() < {"kind", "target"}:
        raise BadRequest("the body must have kind and target, or be empty to clear all faults")
    return fault_kind(body["kind"]), body["target"]
