"""The command that calls the cached API once."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from vpcache.cli.console import user_errors
from vpcache.cli.stack import check_path, chosen_stack, print_header
from vpcache.cli.target_choice import TargetChoice
from vpcache.errors import VpcacheError
from vpcache.functions import CachedAnswer, call_cached_api


@dataclass(frozen=True)
class CallOptions:
    """The options of the task as typed."""

    path: str
    as_json: bool
    as_body: bool

    def check(self) -> None:
        """Raise VpcacheError for an invalid value or combination of options."""
        if self.as_json and self.as_body:
            raise VpcacheError("--body and --json exclude each other: use one of them")
        check_path(self.path)


@user_errors
def call(root: Path, environment: str, target: TargetChoice, name: str, options: CallOptions) -> None:
    """Call the cached API once: print the figures or, with `as_body`, only the body on stdout."""
    options.check()
    stack = chosen_stack(root, environment, target, name)
    answer = call_cached_api(stack.target, stack.outputs()["cached_api"], options.path)
    is_from_cache = answer.source == "cache"
    source = answer.source if is_from_cache or answer.status < 400 else None  # an error may be the function's
    figures = {
        "source": source,
        "cache": answer.cache,
        "status": answer.status,
        "bytes": len(answer.body.encode()),
        "function_ms": round(answer.function_ms, 2),
        "wall_ms": round(answer.wall_ms, 2),
    }
    origin = f" from the {source}" if source else ""
    summary = (
        f"{options.path}: status {answer.status}, {figures['bytes']} bytes{origin} "
        f"({answer.cache}); duration of the function {answer.function_ms:.1f} ms, "
        f"of the call {answer.wall_ms:.1f} ms"
    )
    if options.as_json:
        print(json.dumps(figures))
    elif options.as_body:
        _print_body(answer)
        print(summary, file=sys.stderr)
    else:
        print_header("call", stack)
        print(summary)
    if answer.status >= 400:
        detail = "" if options.as_body else f": {answer.body[:200]}"
        raise VpcacheError(f"{options.path}: the cached API returned {answer.status}{detail}")


def _print_body(answer: CachedAnswer) -> None:
    if answer.is_base64:
        sys.stdout.buffer.write(base64.b64decode(answer.body))
        sys.stdout.flush()
    else:
        print(answer.body, flush=True)
