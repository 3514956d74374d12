"""The cached API behind a front door: one HTTP request after the other."""

import json

import purges
from event import BadEventError
from origin import OriginError

from front_door import purge_requests
from front_door.answers import METHODS, Answers, problem, respond, without_body
from front_door.http_event import canonical_query, request_of
from front_door.purge_requests import DeniedError


class FrontDoor:
    """Answers the events of a front door with the values that direct invocations use, too.

    Lambda or the HTTP API adds the headers of cross-origin resource sharing, and answers preflight requests.
    `tls` is the context for connections to the nodes, None without TLS.
    """

    def __init__(self, api, routes, settings, telemetry, tls):
        self._api = api
        self._routes = routes
        self._settings = settings
        self._telemetry = telemetry
        self._tls = tls
        self._answers = Answers(settings.stale_while_revalidate, settings.stale_if_error)

    def respond(self, event):
        """Return the response to an event, as bytes."""
        method = None
        try:
            request = request_of(event)
            method = request.method
            answer = self._respond(request)
        except BadEventError as error:
            answer = problem(400, str(error))
        except OriginError as error:
            self._telemetry.failed(None, error)
            answer = problem(error.status, str(error))
        except Exception:
            self._telemetry.crashed()
            answer = problem(500, "the function failed; see its log")
        return without_body(answer) if method == "HEAD" else answer

    def _respond(self, request):
        is_purge = request.path == purge_requests.PATH and self._settings.can_purge
        if request.method == "POST" and is_purge:
            return self._purge(request)
        allowed = f"{METHODS}, POST" if is_purge else METHODS
        if request.method == "OPTIONS":
            return respond(204, {"allow": allowed})
        if request.method not in ("GET", "HEAD"):
            return problem(405, f"the method must be one of {allowed}", {"allow": allowed})
        query = canonical_query(request.query, self._settings.query_parameters)
        resource = self._routes.resource(request.path, query)
        return self._answers.resource(request, self._api.find(resource))

    def _purge(self, request):
        settings = self._settings
        try:
            caller = purge_requests.authorize(request, settings)
        except DeniedError as error:
            self._telemetry.purge_denied(request.caller)
            challenge = {"www-authenticate": "Bearer"} if error.status == 401 else {}
            return problem(error.status, str(error), challenge)
        what, key, namespaces = purge_requests.order_of(request, settings, self._routes)
        try:
            if key:
                nodes = purges.purge_key(settings, self._tls, key)
            else:
                nodes = purges.purge_namespaces(settings, self._tls, namespaces)
        except purges.PurgeError as error:
            self._telemetry.cache_error(error)
            return problem(503, f"{error}; repeat the purge")
        self._api.forget_purges()
        self._telemetry.purged(what, caller, nodes)
        seconds = 0 if key else settings.purge_check
        return respond(
            200,
            {"content-type": "application/json", "cache-control": "no-store"},
            json.dumps({"purged": what, "nodes": nodes, "within_seconds": seconds}),
        )
