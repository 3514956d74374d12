"""Tags of functions."""

from __future__ import annotations

from collections.abc import Mapping

from moto.awslambda.exceptions import InvalidParameterValueException

_MAX_TAGS = 50  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise InvalidParameterValueException if a function cannot have so many tags."""
    if len(tags) > _MAX_TAGS:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
