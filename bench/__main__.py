"""`python -m bench`: run all benchmarks, print the figures and compare them with the goals."""

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
from bench.candidates import Candidate, javascript, python
from bench.figure import svg
from bench.result import AGAIN, NAIVE, ORIGIN, OURS, RAW, SCENARIO, SILENT, Result, goals, text
from bench.rig import Origin, cluster
from vpcache.bundle import bundle
from vpcache.project import Project

ROOT = Path(__file__).parents[1]
ORIGIN_SECONDS = 0.05


def main() -> int:
    """Run the benchmarks and print the results; return exit status 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object")
    parser.add_argument("--figure", type=Path, help="write a chart of the hits to this SVG file")
    parser.add_argument("--no-lab", action="store_true", help="skip the end-to-end benchmark on a lab")
    options = parser.parse_args()
    result = run(with_lab=not options.no_lab)
    achieved = goals(result)
    if options.json:
        print(
            json.dumps(asdict(result) | {"lines": [asdict(goal) | {"met": goal.is_met} for goal in achieved]})
        )
    else:
        print(text(result))
    if options.figure:
        options.figure.write_text(svg(result))
    return 0 if all(goal.is_met for goal in achieved) else 1


def run(*, with_lab: bool) -> Result:
    """Run every benchmark once."""
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
        functions = {RAW: "raw", AGAIN: "raw", OURS: "ours", SILENT: "ours_silent", NAIVE: "naive"}
        readers = {name: start(function) for name, function in functions.items()}
        readers[SCENARIO] = scope.enter_context(javascript(settings, work / "bench"))
        crowds = {OURS: start("ours_many"), NAIVE: readers[NAIVE], SCENARIO: readers[SCENARIO]}
        brief = {OURS: start("ours_many", ttl=2), NAIVE: start("naive", ttl=2)}
        fetchers = {ORIGIN: start("origin"), **{name: readers[name] for name in (OURS, NAIVE, SCENARIO)}}
        _log("hits")
        hits = measures.hits(readers, nodes)
        _log("misses")
        misses = measures.misses(fetchers)
        _log("stampedes")
        cold_key = measures.cold_key(crowds, origin, callers=100)
        short_lived = measures.short_lived(brief, origin, callers=40, rate=10, seconds=12)
    _log("cold start")
    built = bundle(ROOT / "lambda" / "cached_api", work / "bundles")
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(built.path).extractall(folder)
        imports = measures.imports(Path(folder))
    end_to_end = None
    if with_lab:
        _log("end to end: a lab and a stack")
        end_to_end = stack.hits(ROOT)
    size = built.path.stat().st_size
    return Result(hits, misses, cold_key, short_lived, imports, size, end_to_end)


def _start(scope: ExitStack, settings: dict[str, Any], function: str, **changes: Any) -> Candidate:
    return scope.enter_context(python(function, settings | changes))


def _log(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # the context managers have ended all processes
        sys.exit(130)
