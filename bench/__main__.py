"""`python -m bench`: one run, its figures, and whether they are what was promised."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench import measures, stack
from bench.contestants import Contestant, javascript, python
from bench.figure import svg
from bench.result import AGAIN, NAIVE, ORIGIN, OURS, RAW, SCENARIO, SILENT, Result, lines, text
from bench.rig import Origin, cluster
from vpcache.bundle import bundle
from vpcache.project import Project

ROOT = Path(__file__).parents[1]
ORIGIN_SECONDS = 0.05


def main() -> int:
    """Run, print, draw; the exit status is 1 if something was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--figure", type=Path, help="draw the hits into this SVG file")
    parser.add_argument("--no-lab", action="store_true", help="leave the lab out: no end-to-end figures")
    chosen = parser.parse_args()
    result = run(with_lab=not chosen.no_lab)
    reached = lines(result)
    if chosen.json:
        print(
            json.dumps(asdict(result) | {"lines": [asdict(line) | {"met": line.is_met} for line in reached]})
        )
    else:
        print(text(result))
    if chosen.figure:
        chosen.figure.write_text(svg(result))
    return 0 if all(line.is_met for line in reached) else 1


def run(*, with_lab: bool) -> Result:
    """Measure everything, once."""
    work = Project(ROOT).work_dir
    with ExitStack() as scope:
        nodes, discovery = scope.enter_context(cluster(2))
        origin = Origin(ORIGIN_SECONDS)
        scope.callback(origin.close)
        settings: dict[str, Any] = {
            "nodes": [node.port for node in nodes],
            "discovery": discovery.port,
            "origin": origin.url,
            "ttl": 300,
        }
        start = partial(_start, scope, settings)
        ways = {RAW: "raw", AGAIN: "raw", OURS: "ours", SILENT: "ours_silent", NAIVE: "naive"}
        readers = {name: start(way) for name, way in ways.items()}
        readers[SCENARIO] = scope.enter_context(javascript(settings, work / "bench"))
        crowds = {OURS: start("ours_many"), NAIVE: readers[NAIVE], SCENARIO: readers[SCENARIO]}
        brief = {OURS: start("ours_many", ttl=2), NAIVE: start("naive", ttl=2)}
        fetchers = {ORIGIN: start("origin"), **{name: readers[name] for name in (OURS, NAIVE, SCENARIO)}}
        _say("hits")
        hits = measures.hits(readers, nodes)
        _say("misses")
        misses = measures.misses(fetchers)
        _say("stampedes")
        cold_key = measures.cold_key(crowds, origin, callers=100)
        short_lived = measures.short_lived(brief, origin, callers=40, rate=10, seconds=12)
    _say("cold start")
    made = bundle(ROOT / "lambda" / "cached_api", work / "bundles")
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(made.path).extractall(folder)
        imports = measures.imports(Path(folder))
    end_to_end = None
    if with_lab:
        _say("end to end: a lab and a stack")
        end_to_end = stack.hits(ROOT)
    size = made.path.stat().st_size
    return Result(hits, misses, cold_key, short_lived, imports, size, end_to_end)


def _start(scope: ExitStack, settings: dict[str, Any], way: str, **changes: Any) -> Contestant:
    return scope.enter_context(python(way, settings | changes))


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # what it had started has ended with its contexts
        sys.exit(130)
