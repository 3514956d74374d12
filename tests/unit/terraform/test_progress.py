import io
from typing import Any

from rich.console import Console

from vpcache.terraform.progress import Progress, ProgressDisplay


def hook(kind: str, action: str = "create") -> dict[str, Any]:
    resource = {"addr": "module.vpc.aws_vpc.this", "resource_type": "aws_vpc"}
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


def test_plain_output_has_one_line_for_each_resource():
    out = io.StringIO()
    with ProgressDisplay(Console(file=out)) as display:
        for event in (PLANNED, hook("apply_start"), hook("apply_complete")):
            display(event)
    assert out.getvalue().split() == ["1/1", "created", "module.vpc.aws_vpc.this", "0", "s"]
