"""The picture of a state or a plan: its diagram, and below it the traffic that passes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.diagram.changes import marked
from vpcache.diagram.drawing.shapes import Drawing
from vpcache.diagram.layout import layout
from vpcache.diagram.live import Live
from vpcache.diagram.parser import parse
from vpcache.diagram.reach_table import ReachTable
from vpcache.errors import VpcacheError
from vpcache.reach import report as reports
from vpcache.reach.report import Report
from vpcache.reach.terraform_source import plans

Document = Mapping[str, Any]


def picture(
    document: Document, live: Live | None = None, evaluated: Document | None = None, command: str = "reach"
) -> Drawing:
    """Return the picture of a state or a plan in the format of `terraform show -json`.

    The plan of something that exists has marks at what it creates, opens and closes. `evaluated` is as in
    `vpcache.terraform.resources.resources`, `command` prints the whole table.
    Raises VpcacheError as `vpcache.diagram.parser.parse` does.
    """
    diagram = parse(document, evaluated)
    prefixes = tuple(vpc.name for vpc in diagram.vpcs)
    table = ReachTable(_report(document, evaluated), prefixes, command)
    if plans.has_before(document):
        diagram = marked(parse(document["prior_state"]), diagram)
    return layout(diagram, live, table)


def _report(document: Document, evaluated: Document | None) -> Report:
    """Return what passes, or why that is unknown."""
    try:
        after = plans.after(document, evaluated)
        found = reports.with_matrix(reports.report(after, ""), after)
        if plans.has_before(document):
            return reports.with_change(found, plans.before(document), after)
        return reports.with_findings(found, after)
    except VpcacheError as error:  # the diagram needs less than the prover
        return Report("", undecided=(str(error),))
