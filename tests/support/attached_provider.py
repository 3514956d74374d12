"""The AWS provider as one process for several Terraform commands.

Terraform starts the provider two to four times for each `run` block of a module's tests, which is two thirds
of their processor time.
https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_REATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(?P<value>.+)'")
_DEADLINE_SECONDS = 60
_POLL_SECONDS = 0.1


@contextmanager
def attached_provider(data_dir: Path, log: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment with which Terraform uses one provider process, which ends with the context.

    `data_dir` is the TF_DATA_DIR of an initialised folder. Raises AssertionError if the provider does not
    start.
    """
    (executable,) = data_dir.glob("providers/registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws*")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [str(executable), "-debug"],
            env={**environment, "TF_LOG": "ERROR"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield {**environment, "TF_REATTACH_PROVIDERS": _address(process, log)}
        finally:
            process.kill()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _REATTACH.search(log.read_text()):
            return found["value"]
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"the provider did not start: {log.read_text()}")
