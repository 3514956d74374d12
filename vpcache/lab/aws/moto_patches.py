"""Patches of moto that affect the whole process."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel


def disable_moto_instance_tracking() -> None:
    """Make moto stop recording every instance of its models.

    `BaseModel.__new__` appends each new instance to a class attribute, for the dashboard of moto's server.
    The lab does not serve the dashboard, and the references would keep deleted resources in memory. moto has
    no setting for it, so this replaces the method with a plain allocation, for all models of the process.
    """
    BaseModel.__new__ = staticmethod(_allocate)


def _allocate(model: type, *_: Any, **__: Any) -> Any:
    return super(BaseModel, model).__new__(model)
