"""A hook of MkDocs for links. MkDocs loads it in a separate environment, so it imports nothing of vpcache."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(\]\()(?!https?://|#|mailto:)([^)\s#]+)")


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Let links that leave docs/ lead to the repository. MkDocs calls this for each page."""
    docs = Path(config["docs_dir"]).resolve()
    here = docs / Path(page.file.src_uri).parent
    repository = str(config["repo_url"]).rstrip("/")

    def absolute(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(here / found[2]))
        if target.is_relative_to(docs):
            return found[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"{found[1]}{repository}/{kind}/main/{target.relative_to(docs.parent)}"

    return _LINK.sub(absolute, markdown)
