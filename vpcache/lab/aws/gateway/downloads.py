"""Downloads of the archives of functions and layers by the links in Lambda's responses."""

from __future__ import annotations

from datetime import UTC, datetime
from wsgiref.types import WSGIEnvironment

from werkzeug.wrappers import Response

from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.awslambda.packages.archives import Archive, archive_at, link_error
from vpcache.lab.aws.gateway.buckets import bucket_and_key
from vpcache.lab.aws.gateway.errors import error_response


def download(environ: WSGIEnvironment) -> Response | None:
    """Return the response to a request for an archive, None for other requests."""
    archive = archive_at(bucket_and_key(environ)) if environ["REQUEST_METHOD"] in ("GET", "HEAD") else None
    if archive is None:
        return None
    if message := link_error(archive, environ.get("QUERY_STRING", ""), datetime.now(UTC)):
        return error_response("s3", 403, "AccessDenied", message)
    content = _content(archive)
    if content is None:
        return error_response("s3", 404, "NoSuchKey", "The specified key does not exist.")
    return Response(content, content_type="application/zip")


def _content(archive: Archive) -> bytes | None:
    backend = lambda_of(archive.account, archive.region)
    if archive.kind == "layers":
        archives = {each.key: each.code.code for each in backend.layers.all_versions()}
    else:
        versions = [version for each in backend.functions for version in each.versions]
        archives = {each.code["S3Key"]: each.code_bytes for each in versions}
    return archives.get(archive.key)
