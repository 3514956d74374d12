"""Lifecycle rules of buckets, which the lab keeps and does not execute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def keep_versions(rules: Sequence[Any], documents: Sequence[dict[str, Any]]) -> None:
    """Keep the number of versions that rules retain, which moto drops, of the documents of a request."""
    for rule, document in zip(rules, documents, strict=True):
        expiration = document.get("NoncurrentVersionExpiration") or {}
        rule.newer_versions = expiration.get("NewerNoncurrentVersions")


def add_kept_versions(documents: Sequence[dict[str, Any]], rules: Sequence[Any]) -> None:
    """Add this number to the documents of a response."""
    for document, rule in zip(documents, rules, strict=True):
        if rule.newer_versions is not None:
            document["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = rule.newer_versions
