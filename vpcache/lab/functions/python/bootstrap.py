"""The bootstrap of function processes, a script at its place on AWS: runs AWS's runtime client.

The interpreter runs without its site packages, which are the host's. So the functions that `site` adds to the
builtins, such as `exit`, are added here.
"""

from __future__ import annotations

import importlib
import os
import site
import sys


def main() -> None:
    """Serve invocations until killed."""
    runtime = sys.path.pop(0)  # the folder of this script
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path[:0] = [
        os.environ["LAMBDA_TASK_ROOT"],
        f"/opt/python/lib/{version}/site-packages",
        "/opt/python",
    ]
    if runtime not in sys.path:  # PYTHONPATH has it unless the function sets its own
        sys.path.append(runtime)
    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.argv = [sys.argv[0], os.environ["_HANDLER"]]
    importlib.import_module("awslambdaric.__main__").main(sys.argv)


if __name__ == "__main__":
    main()
