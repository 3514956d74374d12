"""Requests to purge: who may, and what. Pure."""

import json

from event import BadEventError
from routes import covers, namespace_of

from front_door.http_event import canonical_query, split_target

PATH = "/_purge"


class DeniedError(Exception):
    """The caller may not purge; `status` is 401 without valid credentials, 403 with those of another."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def authorize(request, settings):
    """Return who purges: the ARN of a listed principal, or `token`. Raises DeniedError for all others."""
    if request.caller and any(_is_principal(request.caller, pattern) for pattern in settings.purge_callers):
        return request.caller
    if settings.purge_token and _has_token(request, settings.purge_token):
        return "token"
    if request.caller or not settings.purge_token:
        raise DeniedError(403, "the caller is not in PURGE_CALLERS")
    raise DeniedError(401, "a purge requires a bearer token")


def order_of(request, settings, routes):
    """Return a text with what to purge, then the key of a path, or the namespaces of a prefix and None.

    Raises BadEventError.
    """
    try:
        order = json.loads(request.body)
    except ValueError:
        order = None
    if type(order) is not dict or len(order) != 1 or type(next(iter(order.values()))) is not str:
        raise BadEventError('the body must be {"path": "/employees"} or {"prefix": "/employees"}')
    ((kind, text),) = order.items()
    if kind == "path":
        path, query = split_target(text)
        resource = routes.resource(path, canonical_query(query, settings.query_parameters))
        return f"path {resource.path}", resource.key, ()
    if kind != "prefix" or text not in settings.purge_prefixes:
        listed = ", ".join(settings.purge_prefixes) or "none"
        raise BadEventError(f"the prefix must be in PURGE_PREFIXES, which has {listed}")
    covered = [namespace_of(prefix) for prefix in settings.purge_prefixes if covers(text, prefix)]
    return f"prefix {text}", None, tuple(covered)


def _is_principal(arn, pattern):
    """Return whether an ARN is that of a pattern, whose last part may be * for any session of a role."""
    if pattern.endswith("/*"):
        return arn.rpartition("/")[0] == pattern[:-2]
    return arn == pattern


def _has_token(request, digest):
    import hashlib
    import hmac

    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    sent = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
    return hmac.compare_digest(sent, digest) and scheme.lower() == "bearer"
