"""The Lambda runtimes that tests use."""

from __future__ import annotations

from vpcache.lab.functions.python.interpreters import host_interpreter

HOST_PYTHON = host_interpreter().name
"""The runtime of the Python that runs the tests, so that every machine has it."""
