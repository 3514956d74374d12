"""AWS accounts: the lab's account, and other accounts, which own roles and buckets but no networks."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import BaseResponse

from vpcache.lab.aws import ACCOUNT

_ACCOUNT_ID = re.compile(r"\d{12}")
_ACCESS_KEY_ID = re.compile(r"Credential=([^/]+)/")  # moto recognizes key IDs of 20 characters only


def account_of(access_key_id: str) -> str:
    """Return the account of an access key: a key ID of twelve digits, or else the lab's account."""
    return access_key_id if is_account_id(access_key_id) else ACCOUNT


def is_account_id(text: str) -> bool:
    """Return whether a text is formatted as an account ID."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def derive_account_from_access_key() -> None:
    """Make moto derive the account from the access key ID. By default it searches IAM of every partition."""
    BaseResponse.get_current_account = _current_account


def _current_account(response: Any) -> str:
    match = _ACCESS_KEY_ID.search(response.headers.get("Authorization", ""))
    return account_of(match[1]) if match else ACCOUNT
