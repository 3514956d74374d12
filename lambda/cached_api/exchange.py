"""HTTP by requests, within bounds. Imported when the first miss comes."""

import os
import re
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

CONNECT_SECONDS = 2.0
RETRIES = 2
BACKOFF_SECONDS = 0.1  # before the second try, twice that before the third
TIMEOUTS = (requests.Timeout, ReadTimeoutError, TimeoutError)
ERRORS = (requests.RequestException, HTTPError, OSError)
_CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_CONTENT_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


def new_session():
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


def get(session, url, read_seconds, deadline, max_bytes):
    """Return status, content type and content of `url`; content is None if it is over `max_bytes`.

    Follows no redirect. Raises one of TIMEOUTS or ERRORS.
    """
    timeout = (CONNECT_SECONDS, read_seconds)
    with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as reply:
        content = bytearray()
        while chunk := reply.raw.read1(_CHUNK, decode_content=True):
            content += chunk
            if len(content) > max_bytes:
                return reply.status_code, "", None
            if time.monotonic() > deadline:
                raise TimeoutError
        content_type = reply.headers.get("content-type", "")
        if not _CONTENT_TYPE.fullmatch(content_type):
            content_type = "application/octet-stream"
        return reply.status_code, content_type, bytes(content)


class _IPv4Adapter(HTTPAdapter):
    """Binds each connection to an IPv4 address, so that it takes no other way: NAT gateways have none."""

    def init_poolmanager(self, *args, **options):
        """Make the pool that binds so."""
        super().init_poolmanager(*args, source_address=("0.0.0.0", 0), **options)
