"""The external API that the cache stands in front of."""

from dataclasses import dataclass

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
MAX_BYTES = 5 * 1024 * 1024  # an answer of Lambda's holds 6 MB


@dataclass(frozen=True)
class Reply:
    """What the origin said."""

    status: int
    content_type: str
    body: str


class OriginError(Exception):
    """The origin gave no usable answer; `status` is the one to pass on, 502 or 504."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Origin:
    """Fetches paths below one URL, over connections that live across invocations."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self._session = None

    def fetch(self, path):
        """Return the Reply to a GET of `path`. Raises OriginError."""
        import requests  # 100 ms that a hit can do without

        if self._session is None:
            self._session = requests.Session()
        url = self.url + path
        try:
            with self._session.get(
                url, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True
            ) as reply:
                content = reply.raw.read(MAX_BYTES + 1, decode_content=True)
        except requests.Timeout as error:
            raise OriginError(504, f"{url} did not answer in time") from error
        except (requests.RequestException, OSError) as error:
            raise OriginError(502, f"{url} cannot be had: {error}") from error
        if len(content) > MAX_BYTES:
            raise OriginError(502, f"{url} answered with more than {MAX_BYTES} bytes")
        if reply.status_code >= 500:
            raise OriginError(502, f"{url} answered {reply.status_code}")
        content_type = reply.headers.get("content-type", "application/octet-stream")
        return Reply(reply.status_code, content_type, content.decode(reply.encoding or "utf-8", "replace"))
