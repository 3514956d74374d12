"""The stacks whose states are in the buckets of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from vpcache.errors import VpcacheError
from vpcache.stack import journal, lock
from vpcache.stack.overview.summary import StackSummary, summary
from vpcache.stack.resource_types import pages
from vpcache.stack.state import (
    read_state,
    regions_with_bucket,
    s3_client,
    state_bucket,
    state_location,
)
from vpcache.stack.state_history import written_resources
from vpcache.stack.target import Target

Notice = Callable[[str], None]

_FILES = ("/terraform.tfstate", "/journal.json")


def stacks(target: Target, account: str, notice: Notice, *, all_regions: bool) -> list[StackSummary]:
    """Return the stacks in the target's region or, with `all_regions`, in all regions with a state bucket.

    They are ordered by region and name. `notice` receives a line for each bucket, journal entry and state
    that these credentials cannot read.
    """
    regions = regions_with_bucket(target, account) if all_regions else []
    return [
        found
        for region in regions or [target.region]
        for found in _stacks_in(
            target if region == target.region else replace(target, region=region), account, notice
        )
    ]


def _stacks_in(target: Target, account: str, notice: Notice) -> Iterator[StackSummary]:
    from botocore.exceptions import ClientError

    bucket = state_bucket(account, target.region)
    s3 = s3_client(target)
    try:
        objects = [
            item["Key"]
            for item in pages(s3, "list_objects_v2", "Contents", Bucket=bucket, ExpectedBucketOwner=account)
        ]
    except s3.exceptions.NoSuchBucket:
        return
    except ClientError as error:
        notice(f"skipped state bucket {bucket}: {error}")
        return
    for name in sorted({key.split("/")[0] for key in objects if key.endswith(_FILES)}):
        is_locked = f"{name}/terraform.tfstate.tflock" in objects
        try:
            yield _summary(target, account, name, notice, is_locked=is_locked)
        except (ClientError, VpcacheError) as error:
            notice(f"skipped stack {name} in {target.region}: {error}")


def _summary(target: Target, account: str, name: str, notice: Notice, *, is_locked: bool) -> StackSummary:
    location = state_location(target, account, name)
    entry = journal.read(target, location, notice)
    return summary(
        name,
        target.region,
        entry,
        has_resources=entry is None and any(written_resources(read_state(target, location))),
        is_running=entry is not None
        and entry.is_interrupted
        and (
            lock.is_held_here(target, location)
            or (is_locked and entry.who != journal.who())  # this user's dead run may have left its lock
        ),
    )
