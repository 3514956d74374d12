"""The packages of the tasks for developers, which the first such task installs.

`python -m tools.environments.development` installs them and the system packages of the lab, as CI does before
it has credentials.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from vpcache.cli.host.system_packages import prepare_host
from vpcache.errors import VpcacheError

LOCK = "requirements-dev.lock"
_STAMP = ".installed-development"


def install(root: Path, environment: Path = Path(sys.prefix)) -> None:
    """Install the locked packages for developers in a virtual environment, once for each content of the lock.

    Raises VpcacheError if pip fails, or if the packages do not fit together.
    """
    stamp = environment / _STAMP
    digest = hashlib.sha256((root / LOCK).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("inv: installing the packages for developers in .venv (once)", file=sys.stderr, flush=True)
    pip = [str(environment / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--require-hashes", "--no-deps", "--no-build-isolation", "--use-pep517"]
    for command in (
        [*pip, "install", *options, "--requirement", str(root / LOCK)],
        [*pip, "check"],
    ):
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise VpcacheError(f"cannot install {LOCK} in {environment}; see the error above")
    stamp.write_text(digest)


if __name__ == "__main__":
    try:
        install(Path(__file__).parents[2])
        prepare_host()
    except VpcacheError as error:
        sys.exit(f"inv: {error}")
