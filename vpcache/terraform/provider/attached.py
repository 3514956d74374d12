"""The AWS provider as one process for several Terraform commands.

Terraform starts the provider two to four times in each command and for each `run` block of a test, and each
command computes the checksum of its 650 MB. With an attached provider it does neither.
https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode

The commands must run one after the other, as each of them configures the process. An attached provider is
for commands that change nothing: its end does not depend on Terraform's.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vpcache.errors import VpcacheError

PROVIDER_ADDRESSES = "TF_REATTACH_PROVIDERS"
"""The variable with which Terraform uses attached providers instead of starting its own."""

_EXECUTABLES = "providers/registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws*"
_REATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(?P<value>.+)'")
_DEADLINE_SECONDS = 60
_POLL_SECONDS = 0.05

# The provider ends with this shell's stdin, so also when the Python process is killed. A background job of a
# shell has no stdin, hence descriptor 3. After SIGTERM the provider's socket would remain in its folder.
_UNTIL_STDIN_ENDS = (
    'exec 3<&0; "$0" -debug & provider=$!; '
    "{ read -r _ <&3; kill -INT $provider 2>/dev/null; } & wait $provider"
)


@contextmanager
def attached_provider(
    root_module: Path, data_dir: Path, environment: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Yield the environment with which Terraform uses one provider process, which ends with the context.

    The process has the working directory that Terraform gives it: `root_module`, to which paths of files in
    the configuration are relative. `data_dir` is the folder's TF_DATA_DIR after an init; the provider's log
    is in it. Without an AWS provider in `data_dir` the environment is unchanged. Raises VpcacheError if the
    provider does not start.
    """
    executable = next(data_dir.absolute().glob(_EXECUTABLES), None)
    if executable is None:
        yield dict(environment)
        return
    log = data_dir / "provider.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_STDIN_ENDS, str(executable)],
            cwd=root_module,
            env={"TF_LOG": "ERROR", **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for Terraform
        ) as shell,
    ):
        yield {**environment, PROVIDER_ADDRESSES: _address(shell, log)}


def _address(shell: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and shell.poll() is None:
        if found := _REATTACH.search(log.read_text(errors="replace")):
            return found["value"]
        time.sleep(_POLL_SECONDS)
    raise VpcacheError(f"the AWS provider does not start: {log} has its output")
