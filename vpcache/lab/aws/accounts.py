"""AWS accounts: the lab's own, and others that own roles and buckets but no networks."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import BaseResponse

from vpcache.lab.aws import ACCOUNT

_ACCOUNT_ID = re.compile(r"\d{12}")
_KEY = re.compile(r"Credential=([^/]+)/")  # moto itself finds ids of twenty characters alone


def account_of(access_key_id: str) -> str:
    """Return the account that a request is made by: an access key id of twelve digits names it."""
    return access_key_id if is_account_id(access_key_id) else ACCOUNT


def is_account_id(text: str) -> bool:
    """Tell whether a text has the form of an account's id."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def tell_accounts_by_key() -> None:
    """Let moto take the account from the access key id alone, which else asks IAM of every partition."""
    BaseResponse.get_current_account = _current_account


def _current_account(response: Any) -> str:
    found = _KEY.search(response.headers.get("Authorization", ""))
    return account_of(found[1]) if found else ACCOUNT
