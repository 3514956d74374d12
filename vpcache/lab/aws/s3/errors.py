"""S3's errors with members that moto's do not have."""

from __future__ import annotations

import uuid
from typing import Any
from xml.sax.saxutils import escape

from moto.s3.exceptions import S3ClientError


class S3Error(S3ClientError):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """An error with its status and further members, such as `ArgumentName`."""

    def __init__(self, status: int, code: str, message: str, **members: str) -> None:
        super().__init__(code, message)
        self.status = status
        self.members = members

    def response(self) -> tuple[int, dict[str, Any], str]:
        """Return status, headers and body of the response."""
        members = {"Code": self.code, "Message": self.message, **self.members}
        content = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
        body = f"<Error>{content}<RequestId>{uuid.uuid4()}</RequestId></Error>"
        return self.status, {"content-type": "application/xml"}, body


def invalid_argument(message: str, name: str, value: str = "") -> S3Error:
    """Return the error for an argument that S3 does not take."""
    members = {"ArgumentName": name} | ({"ArgumentValue": value} if value else {})
    return S3Error(400, "InvalidArgument", message, **members)


def header_not_implemented(header: str, reason: str = "") -> S3Error:
    """Return AWS's own error for a header, or a value of it, that an operation does not take."""
    members = {"Header": header} | ({"additionalMessage": reason} if reason else {})
    message = "A header you provided implies functionality that is not implemented"
    return S3Error(501, "NotImplemented", message, **members)
