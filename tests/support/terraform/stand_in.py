"""Programs in place of Terraform and of the AWS provider."""

from __future__ import annotations

import stat
import sys
import textwrap
from pathlib import Path

_PROVIDER = (
    "providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5"
)
_STARTS = f"""\
#!{sys.executable}
import os, pathlib, signal, sys
assert sys.argv[1:] == ["-debug"]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
folder = pathlib.Path(os.environ["FOLDER"])
(folder / "pid").write_text(str(os.getpid()))
(folder / "socket").touch()
print("Provider started. To attach Terraform CLI, set TF_REATTACH_PROVIDERS:")
print("\\tTF_REATTACH_PROVIDERS='{{\\"aws\\":{{}}}}'", flush=True)
signal.sigwait([signal.SIGINT])
(folder / "socket").unlink()
"""


def stand_in(folder: Path, body: str) -> Path:
    """Write a shell script that replaces Terraform to `folder`, and return its path."""
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{textwrap.dedent(body)}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def stand_in_provider(data_dir: Path, script: str = _STARTS) -> None:
    """Write a script that replaces the AWS provider in a TF_DATA_DIR.

    By default it waits for SIGINT, with its process ID and a socket in the folder $FOLDER.
    """
    executable = data_dir / _PROVIDER
    executable.parent.mkdir(parents=True)
    executable.write_text(script)
    executable.chmod(0o755)
