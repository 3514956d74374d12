"""A function's deployment package: a zip file in the request or in S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

from vpcache.lab.aws.awslambda.errors import RequestEntityTooLargeError
from vpcache.lab.functions.archive import ArchiveSizeError, InvalidArchiveError, check_archive

_MAX_ZIPPED = 50 << 20  # bytes, in a request: "Lambda quotas"
_MAX_REQUEST = 70167211  # bytes, with the zip file in base64
MAX_UNZIPPED = 250 << 20  # bytes, of a function with its layers
_INVALID = "Could not unzip uploaded file. Please check your file, then try to upload again."


def check_request_size(size: int, zipped: int, operation: str) -> None:
    """Raise RequestEntityTooLargeError for a request of `size` bytes that is too large.

    A zip file of `zipped` bytes that is too large has another error, which AWS reports first.
    """
    if size >= _MAX_REQUEST and zipped <= _MAX_ZIPPED:
        raise RequestEntityTooLargeError(
            f"Request must be smaller than {_MAX_REQUEST} bytes for the {operation} operation"
        )


def code_of(parameters: Mapping[str, Any], account_id: str, partition: str) -> bytes:
    """Return the zip file of CreateFunction's `Code`, of a layer's `Content` or of UpdateFunctionCode.

    Raises InvalidParameterValueException for a missing or invalid zip file, NotImplementedError for images.
    """
    if parameters.get("ImageUri"):
        raise NotImplementedError("Container images are not supported: use a zip file.")
    if parameters.get("SourceKMSKeyArn"):
        raise NotImplementedError("The parameter SourceKMSKeyArn is not supported.")
    if "ZipFile" in parameters:
        code: bytes = parameters["ZipFile"]
        if len(code) > _MAX_ZIPPED:
            raise RequestEntityTooLargeError(f"Zipped size must be smaller than {_MAX_ZIPPED} bytes")
    elif parameters.get("S3Bucket") and parameters.get("S3Key"):
        code = _from_s3(parameters, account_id, partition)
    else:
        raise InvalidParameterValueException("Please provide a source for function code.")
    _check_archive(code)
    return code


def _check_archive(code: bytes) -> None:
    try:
        check_archive(code, MAX_UNZIPPED)
    except InvalidArchiveError as error:
        raise InvalidParameterValueException(_INVALID) from error
    except ArchiveSizeError as error:
        message = (
            "Uploaded file must be a non-empty zip"
            if error.is_empty
            else f"Unzipped size must be smaller than {MAX_UNZIPPED} bytes"
        )
        raise InvalidParameterValueException(message) from error


def _from_s3(parameters: Mapping[str, Any], account_id: str, partition: str) -> bytes:
    try:
        s3_object = s3_backends[account_id][partition].get_object(
            parameters["S3Bucket"], parameters["S3Key"], version_id=parameters.get("S3ObjectVersion")
        )
    except S3ClientError as error:
        raise _unreadable(error.code, error.message) from error
    if s3_object is None:
        raise _unreadable("NoSuchKey", "The specified key does not exist.")
    content: bytes = s3_object.value
    return content


def _unreadable(code: str, message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    )
