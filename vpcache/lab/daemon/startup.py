"""The start of the daemon: the lab is ready before the control plane is imported, which takes a second."""

from __future__ import annotations

import gc
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from vpcache.lab.daemon.host_check import rejection_reason

_STATUS = "/_lab/status"
_log = logging.getLogger(__name__)


class StartingApplication:
    """Answers requests for the lab's status at once, and all others once `load` has returned the application.

    After `start`, `load` runs in another thread. If it fails, the log has the traceback, and all further
    requests but those for the status get the error: the lab can be stopped.
    """

    def __init__(self, load: Callable[[], WSGIApplication], status: Callable[[], Mapping[str, Any]]) -> None:
        self._create = load
        self._status = status
        self._loaded: Future[WSGIApplication] = Future()

    def load(self) -> None:
        """Load the application, without garbage collection: imports create many objects and no garbage.

        Raises what its creation raises.
        """
        gc.disable()
        try:
            self._loaded.set_result(self._create())
        finally:
            gc.freeze()
            gc.enable()

    def start(self) -> None:
        """Begin to load the application."""
        threading.Thread(target=self._run, name="load", daemon=True).start()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not self._loaded.done() and _asks_for_status(environ):
            return _json(start_response, "200 OK", self._status())
        return self._loaded.result()(environ, start_response)

    def _run(self) -> None:
        try:
            self.load()
        except Exception as error:
            _log.exception("the control plane could not be loaded")
            self._loaded.set_result(
                self._failure(f"the lab could not load its control plane ({error!r}); its log says where")
            )

    def _failure(self, message: str) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if _asks_for_status(environ):
                return _json(start_response, "200 OK", self._status())
            return _json(start_response, "500 Internal Server Error", {"error": message})

        return application


def _asks_for_status(environ: WSGIEnvironment) -> bool:
    is_own = rejection_reason(environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")) is None
    return is_own and (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("GET", _STATUS)


def _json(start_response: StartResponse, status: str, content: Mapping[str, Any]) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
