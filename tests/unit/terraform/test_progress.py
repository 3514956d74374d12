import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from vpcache.terraform.progress import Progress, ProgressDisplay, shortened


def hook(kind: str, action: str = "create", address: str = "module.vpc.aws_vpc.this") -> dict[str, Any]:
    resource = {"addr": address, "resource_type": "aws_vpc"}
    return {"type": kind, "hook": {"resource": resource, "action": action}}


PLANNED = {"type": "planned_change", "change": {"action": "create"}}


def test_resource_runs_from_start_to_completion():
    begun = Progress().after(PLANNED, 0).after(hook("apply_start"), 1.0)
    assert (begun.total, begun.done) == (1, 0)
    assert (
        begun.running["module.vpc.aws_vpc.this"].doing == "creating, waiting for the VPC and its attributes"
    )
    ended = begun.after(hook("apply_complete"), 2.0)
    assert (ended.total, ended.done, dict(ended.running)) == (1, 1, {})


def test_replacement_counts_twice_and_read_never():
    progress = Progress().after({"type": "planned_change", "change": {"action": "replace"}}, 0)
    progress = progress.after({"type": "planned_change", "change": {"action": "read"}}, 0)
    assert progress.total == 2


def test_failed_resource_is_not_done():
    progress = Progress().after(hook("apply_start"), 0).after(hook("apply_errored"), 1)
    assert (progress.done, dict(progress.running)) == (0, {})


LONG = 'module.elasticache_memcached["us-east-1a"].aws_elasticache_parameter_group.this[0]'


@pytest.mark.parametrize("width", [1, 2, 10, 40, len(LONG) - 1])
def test_shortened_address_fits_and_keeps_its_end(width):
    short = shortened(LONG, width)
    assert len(short) == max(width, 2)
    assert "…" in short and short.endswith(LONG[-1])
    assert shortened(LONG, len(LONG)) == LONG


@pytest.mark.parametrize("width", [40, 80])
def test_lines_on_a_terminal_fit_its_width(width):
    out = io.StringIO()
    with ProgressDisplay(Console(file=out, width=width, force_terminal=True, color_system=None)) as display:
        for event in (PLANNED, hook("apply_start", address=LONG)):
            display(event)
        live = io.StringIO()
        Console(file=live, width=width).print(display._render())
        display(hook("apply_complete", address=LONG))
    printed = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    (line,) = [line for line in printed.splitlines() if "created" in line]
    assert cell_len(line) <= width
    assert re.search(r"…\S*this\[0\] \d+ s$", line), line
    first, *rest = live.getvalue().splitlines()
    assert "aws_elasticache_parameter_group.this[0]"[-width // 3 :] in first
    assert all("0/1" in line for line in rest), "a resource has one line"


def test_plain_output_has_one_line_for_each_resource():
    out = io.StringIO()
    with ProgressDisplay(Console(file=out)) as display:
        for event in (PLANNED, hook("apply_start"), hook("apply_complete")):
            display(event)
    assert out.getvalue().split() == ["1/1", "created", "module.vpc.aws_vpc.this", "0", "s"]
