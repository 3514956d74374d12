"""vpcache: apply, verify and destroy stacks of Terraform on AWS or on an embedded lab.

The names in `__all__` are the public API; docs/reference/stability.md says what may change in them and when.
Each is imported when it is first used, so that `import vpcache` costs nothing in a pytest process without a
stack.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vpcache.bundle import EGRESS_PROBE
    from vpcache.errors import InterruptedRunError, VpcacheError
    from vpcache.functions import CachedAnswer, FunctionClient, FunctionError
    from vpcache.lab.client import Lab, LabStatus
    from vpcache.lab.errors import LabError, LabNotRunningError
    from vpcache.lab.faults import Fault, FaultKind, Mode
    from vpcache.probes import Probes, Result, verify
    from vpcache.stack.stack import Outputs, Plan, Stack
    from vpcache.stack.target import Target, TargetName, aws_target, lab_target

_MODULES = {
    "vpcache.bundle": ("EGRESS_PROBE",),
    "vpcache.errors": ("InterruptedRunError", "VpcacheError"),
    "vpcache.functions": ("CachedAnswer", "FunctionClient", "FunctionError"),
    "vpcache.lab.client": ("Lab", "LabStatus"),
    "vpcache.lab.errors": ("LabError", "LabNotRunningError"),
    "vpcache.lab.faults": ("Fault", "FaultKind", "Mode"),
    "vpcache.probes": ("Probes", "Result", "verify"),
    "vpcache.stack.stack": ("Outputs", "Plan", "Stack"),
    "vpcache.stack.target": ("Target", "TargetName", "aws_target", "lab_target"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [  # noqa: RUF022  # by module, as above
    "EGRESS_PROBE",
    "InterruptedRunError", "VpcacheError",
    "CachedAnswer", "FunctionClient", "FunctionError",
    "Lab", "LabStatus", "LabError", "LabNotRunningError",
    "Fault", "FaultKind", "Mode",
    "Probes", "Result", "verify",
    "Outputs", "Plan", "Stack",
    "Target", "TargetName", "aws_target", "lab_target",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'vpcache' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
