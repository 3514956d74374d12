"""moto's list of every instance of its models, without the instances."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel


def disable_moto_instance_tracking() -> None:
    """Let moto list no instance any more: whatever is deleted would stay for as long as the lab lives.

    The list is for a page of moto's own, which the lab refuses.
    """
    BaseModel.__new__ = staticmethod(_new)


def _new(model: type, *_: Any, **__: Any) -> Any:
    return super(BaseModel, model).__new__(model)
