"""HTTP by requests, with limits on time and size. Imported at the first miss."""

import os
import queue
import re
import threading
import time
from http.client import HTTPException

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

CONNECT_SECONDS = 2.0
RETRIES = 2
BACKOFF_SECONDS = 0.1  # before the second attempt, twice that before the third
TIMEOUTS = (requests.Timeout, ReadTimeoutError, TimeoutError)
ERRORS = (requests.RequestException, HTTPError, HTTPException, OSError)
_HEAD_START = 0.005  # seconds in which the request is sent; the interpreter runs one thread at a time
_CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_CONTENT_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


class DeadlineError(Exception):
    """A fetch took longer than its limit."""


class Fetcher:
    """A thread that fetches, since requests cannot limit a DNS lookup or headers that arrive byte by byte.

    `limit` is in seconds for a whole fetch. After DeadlineError the fetcher is unusable; its thread ends with
    the fetch.
    """

    def __init__(self, limit, max_bytes):
        self._limit = limit
        self._max_bytes = max_bytes
        self._orders: queue.SimpleQueue[tuple[str, queue.SimpleQueue] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def get(self, url, while_waiting):
        """Return status, content type and content of `url`; content is None if it exceeds `max_bytes`.

        Redirects are not followed. `while_waiting` is called during the wait. Raises DeadlineError, or one of
        TIMEOUTS or ERRORS.
        """
        outcome: queue.SimpleQueue[tuple[int, str, bytes | None] | Exception] = queue.SimpleQueue()
        self._orders.put((url, outcome))
        try:
            reply = _get_within(outcome, _HEAD_START)
            while_waiting()
            reply = reply or outcome.get(timeout=self._limit)
        except queue.Empty:
            self._orders.put(None)
            raise DeadlineError from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _work(self):
        session = _new_session()
        blank = session.prepare_request(requests.Request("GET", "http://localhost"))
        while order := self._orders.get():
            url, outcome = order
            request = blank.copy()  # preparing a new one would double the time spent in requests
            request.url = url
            try:
                outcome.put(self._exchange(session, request))
            except Exception as error:
                outcome.put(error)

    def _exchange(self, session, request):
        deadline = time.monotonic() + self._limit
        timeout = (CONNECT_SECONDS, self._limit)
        options = {"timeout": timeout, "verify": session.verify, "stream": True, "allow_redirects": False}
        with session.send(request, **options) as reply:
            content = bytearray()
            while chunk := reply.raw.read1(_CHUNK, decode_content=True):
                content += chunk
                if len(content) > self._max_bytes:
                    return reply.status_code, "", None
                if time.monotonic() > deadline:
                    raise TimeoutError("the body is incomplete")
            content_type = reply.headers.get("content-type", "")
            if not _CONTENT_TYPE.fullmatch(content_type):
                content_type = "application/octet-stream"
            return reply.status_code, content_type, bytes(content)


def _get_within(outcome, seconds):
    """Return the item that arrives within some seconds, else None."""
    try:
        return outcome.get(timeout=seconds)
    except queue.Empty:
        return None


def _new_session():
    """Return a session that keeps connections open, verifies TLS and retries idempotent requests."""
    retry = Retry(
        RETRIES,
        redirect=False,
        allowed_methods={"GET"},
        status_forcelist={502, 503, 504},
        raise_on_status=False,
        respect_retry_after_header=False,
        backoff_factor=BACKOFF_SECONDS,
    )
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc
    session.verify = next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), True)
    session.mount("https://", _IPv4Adapter(max_retries=retry))
    session.mount("http://", _IPv4Adapter(max_retries=retry))
    return session


class _IPv4Adapter(HTTPAdapter):
    """Binds each connection to an IPv4 address: NAT gateways have no IPv6."""

    def init_poolmanager(self, *args, **options):
        """Create the connection pool with an IPv4 source address."""
        super().init_poolmanager(*args, source_address=("0.0.0.0", 0), **options)
