"""The errors of `reach`, each with its exit status."""

from __future__ import annotations

from vpcache.errors import VpcacheError


class PolicyViolatedError(VpcacheError):
    """A policy does not hold."""


class InvalidInputError(VpcacheError):
    """The question or its input is invalid."""

    exit_status = 2


class DisagreementError(VpcacheError):
    """The lab passed or dropped packets of a flow against its answer: a defect of this project."""

    exit_status = 3
