"""The environment variables of the lab's daemon: which of the user's it receives. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping

_PASSED = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",  # for an interpreter that is not the system's
        "LOGNAME",
        "PATH",
        "PYENV_ROOT",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHOME",
        "PYTHONNOUSERSITE",
        "PYTHONPATH",
        "PYTHONPYCACHEPREFIX",
        "PYTHONSAFEPATH",
        "PYTHONUSERBASE",
        "PYTHONUTF8",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USER",
        "UV_PYTHON_INSTALL_DIR",
        "VIRTUAL_ENV",
        "XDG_DATA_HOME",
    }
)
_PASSED_PREFIX = "LC_"
_NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)


def daemon_environment(user: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of the daemon, given the user's.

    The daemon receives the locations of programs and modules, locale and time zone. It receives no setting of
    botocore, moto, Terraform or a proxy and no AWS configuration file, so that the user's profiles and retry
    settings, valid or not, cannot affect the lab.
    """
    passed = {
        name: value for name, value in user.items() if name in _PASSED or name.startswith(_PASSED_PREFIX)
    }
    return passed | _NO_FILES
