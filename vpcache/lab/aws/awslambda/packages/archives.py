"""Links to the archives of functions and layers, which Lambda keeps in S3: signed, for ten minutes.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

_PATH = re.compile(
    r"awslambda-(?P<region>[a-z0-9-]+)-(?P<kind>tasks|layers)/snapshots/(?P<account>\d+)/(?P<key>.+)"
)
_VALIDITY = timedelta(minutes=10)
_DATE = "%Y%m%dT%H%M%SZ"
_SECRET = secrets.token_bytes(32)  # of this process


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive in S3; `kind` is "tasks" for functions, "layers" for layers."""

    region: str
    kind: str
    account: str
    key: str

    @property
    def bucket(self) -> str:
        """The bucket, which belongs to Lambda."""
        return f"awslambda-{self.region}-{self.kind}"

    @property
    def object_key(self) -> str:
        """The key of the object."""
        return f"snapshots/{self.account}/{self.key}"


def location(archive: Archive, endpoint: str, now: datetime) -> str:
    """Return a link to an archive for clients that made a request to the URL `endpoint`."""
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.strftime(_DATE),
            "X-Amz-Expires": int(_VALIDITY.total_seconds()),
            "X-Amz-Signature": _signature(archive, now.strftime(_DATE)),
        }
    )
    url = urlsplit(endpoint)
    if (url.hostname or "").endswith(".amazonaws.com"):
        base = f"https://{archive.bucket}.s3.{archive.region}.amazonaws.com"
    else:
        base = f"{url.scheme}://{url.netloc}/{archive.bucket}"
    return f"{base}/{archive.object_key}?{query}"


def archive_at(bucket_and_key: str) -> Archive | None:
    """Return the archive at "bucket/key", None if Lambda has none there."""
    match = _PATH.fullmatch(bucket_and_key)
    return Archive(**match.groupdict()) if match else None


def link_error(archive: Archive, query_string: str, now: datetime) -> str | None:
    """Return S3's message for a link that is not valid, None for a valid one."""
    query = parse_qs(query_string)
    date, signature = (query.get(name, [""])[0] for name in ("X-Amz-Date", "X-Amz-Signature"))
    if not hmac.compare_digest(signature.encode(), _signature(archive, date).encode()):
        return "Access Denied"
    signed = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
    return "Request has expired" if now > signed + _VALIDITY else None


def _signature(archive: Archive, date: str) -> str:
    text = f"{archive.bucket}/{archive.object_key}\n{date}"
    return hmac.new(_SECRET, text.encode(), hashlib.sha256).hexdigest()
