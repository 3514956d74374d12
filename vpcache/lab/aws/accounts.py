"""AWS accounts: the lab's account, and other accounts, which own roles and buckets but no networks."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import BaseResponse
from moto.iam.models import iam_backends

from vpcache.lab.aws import ACCOUNT

USER_ID = "AIDACKCEVSQ6C2EXAMPLE"
"""The ID of the user that each account has by itself."""
_ACCOUNT_ID = re.compile(r"\d{12}")
_ACCESS_KEY_ID = re.compile(r"Credential=([^/]+)/")  # moto recognizes key IDs of 20 characters only
_ISSUED_KEY_ID = re.compile(r"A(KIA|SIA)[A-Z0-9]{16}")


def account_of(access_key_id: str) -> str:
    """Return the account of an access key: its issuer, a key ID of twelve digits, or else the lab's."""
    if is_account_id(access_key_id):
        return access_key_id
    return _issuer(access_key_id) or ACCOUNT


def user_arn(account: str) -> str:
    """Return the ARN of the user that each account has by itself."""
    return f"arn:aws:iam::{account}:user/lab"


def is_account_id(text: str) -> bool:
    """Return whether a text is formatted as an account ID."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def derive_account_from_access_key() -> None:
    """Make moto derive the account from the access key ID. By default it searches IAM of every partition."""
    BaseResponse.get_current_account = _current_account


def _current_account(response: Any) -> str:
    match = _ACCESS_KEY_ID.search(response.headers.get("Authorization", ""))
    return account_of(match[1]) if match else ACCOUNT


def _issuer(access_key_id: str) -> str | None:
    """Return the account whose IAM or STS issued an access key, None if none did."""
    if not _ISSUED_KEY_ID.fullmatch(access_key_id):
        return None
    for account, partitions in list(iam_backends.items()):
        if any(access_key_id in each.access_keys for each in list(partitions.values())):
            return str(account)
    return None
