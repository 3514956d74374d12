"""botocore's models of services, without their documentation."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_OPEN: dict[str, Callable[..., Any]] = {".json": open, ".json.gz": gzip.open}
"""By ending of a file: how it is opened. botocore prefers the first."""
_DOCUMENTATION = "documentation"


def skip_documentation() -> None:
    """Make botocore read its data files without documentation, and into plain dicts.

    The documentation and ordered dicts take half of the memory of a model: 8 MB of EC2's.
    """
    from botocore.loaders import JSONFileLoader

    JSONFileLoader.load_file = lambda _, path: read_model(path)


def read_model(path: str) -> Any | None:
    """Return the content of a data file, whose path is without ending; None if there is no such file."""
    for ending, open_file in _OPEN.items():
        file = Path(f"{path}{ending}")
        if file.is_file():
            with open_file(file, "rb") as stream:
                content = json.load(stream, object_pairs_hook=_without_documentation)
            for parameter in content.get("clientContextParams", {}).values():
                parameter[_DOCUMENTATION] = ""  # which botocore reads without a default
            return content
    return None


def _without_documentation(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object without its documentation; a member of a shape may have that name, too."""
    return {name: value for name, value in members if name != _DOCUMENTATION or not isinstance(value, str)}
