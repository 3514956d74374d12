"""The check of a request's body: of what it is written in, and of its members."""

from __future__ import annotations

import re
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.bodies.errors import BodyError
from vpcache.lab.aws.gateway.bodies.json_bodies import json_error
from vpcache.lab.aws.gateway.bodies.members import member_error
from vpcache.lab.aws.gateway.bodies.xml_bodies import xml_error
from vpcache.lab.aws.gateway.call import Call

_ACTION = re.compile(r"\w*")


def body_error(call: Call, environ: WSGIEnvironment) -> BodyError | None:
    """Return the error for a request whose body cannot be read or violates the model, None if it is valid."""
    if not _ACTION.fullmatch(call.form.get("Action", [""])[0]):
        return 400, "InvalidAction", "The action or operation requested is invalid."
    if environ.get("HTTP_X_AMZ_TARGET"):
        return json_error(call, environ) or member_error(call, environ)
    if "Action" in call.form:
        return member_error(call, environ)
    has_xml = call.service == "s3" and environ["REQUEST_METHOD"] in ("POST", "PUT")
    return xml_error(call, environ) if has_xml and environ.get("QUERY_STRING") else None
