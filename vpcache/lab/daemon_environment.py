"""The environment of the lab's daemon: what of the user's may pass. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping

_PASSED = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",  # where an interpreter of one's own finds its libraries
        "LOGNAME",
        "PATH",
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
        "VIRTUAL_ENV",
    }
)
_PASSED_PREFIX = "LC_"
_NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)


def daemon_environment(user: Mapping[str, str]) -> dict[str, str]:
    """Return the daemon's environment, given the user's.

    It has what says where programs and modules are, locale and time zone; nothing that botocore, moto,
    Terraform or a proxy takes for a setting, and no AWS configuration file: a profile that does not exist,
    or a bad value of AWS_MAX_ATTEMPTS, is none of the lab's business.
    """
    passed = {
        name: value for name, value in user.items() if name in _PASSED or name.startswith(_PASSED_PREFIX)
    }
    return passed | _NO_FILES
