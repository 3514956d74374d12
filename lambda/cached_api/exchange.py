"""HTTP by requests, within bounds. Imported when the first miss comes."""

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
BACKOFF_SECONDS = 0.1  # before the second try, twice that before the third
TIMEOUTS = (requests.Timeout, ReadTimeoutError, TimeoutError)
ERRORS = (requests.RequestException, HTTPError, HTTPException, OSError)
_HEAD_START = 0.005  # seconds in which the request goes out; the interpreter runs one thread at a time
_CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_CONTENT_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


class LateError(Exception):
    """The limit of a fetch is over."""


class Fetcher:
    """A thread that fetches, since no setting of requests limits a look-up, or headers that drip in.

    `limit` is in seconds for a whole fetch. After LateError the fetcher is of no more use; it ends when the
    fetch does.
    """

    def __init__(self, limit, max_bytes):
        self._limit = limit
        self._max_bytes = max_bytes
        self._orders = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def get(self, url, meanwhile):
        """Return status, content type and content of `url`; content is None if it is over the most bytes.

        Follows no redirect. `meanwhile` is called while it waits. Raises LateError, or one of TIMEOUTS or
        ERRORS.
        """
        outcome = queue.SimpleQueue()
        self._orders.put((url, outcome))
        try:
            reply = _unless_late(outcome, _HEAD_START)
            meanwhile()
            reply = reply or outcome.get(timeout=self._limit)
        except queue.Empty:
            self._orders.put(None)
            raise LateError from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _work(self):
        session = _new_session()
        blank = session.prepare_request(requests.Request("GET", "http://localhost"))
        while order := self._orders.get():
            url, outcome = order
            request = blank.copy()  # to prepare one anew would double the time that requests takes
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
                    raise TimeoutError("it drips")
            content_type = reply.headers.get("content-type", "")
            if not _CONTENT_TYPE.fullmatch(content_type):
                content_type = "application/octet-stream"
            return reply.status_code, content_type, bytes(content)


def _unless_late(outcome, seconds):
    """Return what comes within some seconds, else None."""
    try:
        return outcome.get(timeout=seconds)
    except queue.Empty:
        return None


def _new_session():
    """Return a session that keeps connections, verifies TLS and repeats what may be repeated."""
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
    """Binds each connection to an IPv4 address, so that it takes no other way: NAT gateways have none."""

    def init_poolmanager(self, *args, **options):
        """Make the pool that binds so."""
        super().init_poolmanager(*args, source_address=("0.0.0.0", 0), **options)
