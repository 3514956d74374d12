"""The notification configuration of a bucket. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import Any

from moto.s3.exceptions import MalformedXML

from vpcache.lab.aws.s3.errors import S3Error, invalid_argument

_ARN = re.compile(r"arn:[a-z-]+:(sns|sqs|lambda):[a-z0-9-]*:\d{12}:.+")
_ANY = ":*"
_EMITTED = {
    "s3:ObjectCreated": ("Put", "Post", "Copy", "CompleteMultipartUpload"),
    "s3:ObjectRemoved": ("Delete", "DeleteMarkerCreated"),
    "s3:ObjectRestore": ("Post", "Completed"),
    "s3:ObjectTagging": ("Put", "Delete"),
    "s3:ObjectAcl": ("Put",),
}
"""The events of the lab, by type."""
_NOT_EMITTED = ("s3:IntelligentTiering", "s3:Lifecycle", "s3:ReducedRedundancy", "s3:Replication")
"""How the names of AWS's other events start."""


class DestinationKind(Enum):
    """A kind of destination: its element, the member with its ARN, and its configurations in answers."""

    TOPIC = ("Topic", "TopicArn", "TopicConfigurations", "sns")
    QUEUE = ("Queue", "QueueArn", "QueueConfigurations", "sqs")
    FUNCTION = ("CloudFunction", "LambdaFunctionArn", "LambdaFunctionConfigurations", "lambda")

    def __init__(self, element: str, member: str, plural: str, service: str) -> None:
        self.element = element
        self.member = member
        self.plural = plural
        self.service = service


@dataclass(frozen=True, slots=True)
class Notification:
    """Which events of which objects are sent to a destination."""

    id: str
    kind: DestinationKind
    arn: str
    events: tuple[str, ...]
    rules: tuple[tuple[str, str], ...] = ()  # "Prefix" or "Suffix", and the text, as requested

    def matches(self, event: str, key: str) -> bool:
        """Return whether an event such as "s3:ObjectCreated:Put" about a key is sent."""
        is_wanted = any(event == each or f"{event.rpartition(':')[0]}{_ANY}" == each for each in self.events)
        return is_wanted and key.startswith(self._rule("Prefix")) and key.endswith(self._rule("Suffix"))

    def overlaps(self, other: Notification) -> bool:
        """Return whether an event could match both."""
        prefixes = self._rule("Prefix"), other._rule("Prefix")
        suffixes = self._rule("Suffix"), other._rule("Suffix")
        return (
            any(_share(one, another) for one in self.events for another in other.events)
            and (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]))
            and (suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0]))
        )

    def describe(self) -> dict[str, Any]:
        """Return the notification as the API shows it."""
        rules = [{"Name": name, "Value": value} for name, value in self.rules]
        filters = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
        return {"Id": self.id, self.kind.member: self.arn, "Events": list(self.events), **filters}

    def _rule(self, name: str) -> str:
        return dict(self.rules).get(name, "")


def notifications_of(document: Any) -> tuple[Notification, ...]:
    """Return the notifications of a NotificationConfiguration.

    Raises S3Error for what S3 refuses and for events that the lab does not emit, and MalformedXML.
    """
    content = document if isinstance(document, Mapping) else {}
    notifications = tuple(
        _notification(kind, each)
        for kind in DestinationKind
        for each in _list(content.get(f"{kind.element}Configuration"))
    )
    if any(one.overlaps(other) for one, other in combinations(notifications, 2)):
        raise S3Error(
            400,
            "InvalidArgument",
            "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
        )
    return notifications


def describe(notifications: Iterable[Notification]) -> dict[str, Any]:
    """Return a configuration as the API shows it."""
    result: dict[str, Any] = {}
    for each in notifications:
        result.setdefault(each.kind.plural, []).append(each.describe())
    return result


def _notification(kind: DestinationKind, content: Any) -> Notification:
    if not isinstance(content, Mapping) or not content.get(kind.element) or not content.get("Event"):
        raise MalformedXML
    arn = str(content[kind.element])
    match = _ARN.fullmatch(arn)
    if not match or match[1] != kind.service:
        raise invalid_argument("The ARN could not be parsed", kind.element, arn)
    events = tuple(map(str, _list(content["Event"])))
    for event in events:
        _check_event(event)
    rules = tuple(_rules(content.get("Filter")))
    return Notification(str(content.get("Id") or uuid.uuid4()), kind, arn, events, rules)


def _check_event(event: str) -> None:
    if event.startswith(_NOT_EMITTED):
        raise NotImplementedError(f"The event {event} is not emulated by the lab.")
    names = (f"{type_}:{name}" for type_, names in _EMITTED.items() for name in (*names, "*"))
    if event not in names:
        raise invalid_argument("The event is not supported for notifications", "Event", event)


def _rules(filters: Any) -> Iterator[tuple[str, str]]:
    key = (filters or {}).get("S3Key") if isinstance(filters, Mapping) or filters is None else None
    if filters and not isinstance(key, Mapping):
        raise MalformedXML
    names = set()
    for rule in _list((key or {}).get("FilterRule")):
        name = str(rule.get("Name") or "").capitalize()
        if name not in ("Prefix", "Suffix"):
            raise invalid_argument(
                "filter rule name must be either prefix or suffix", "FilterRule.Name", str(rule.get("Name"))
            )
        if name in names:
            text = f"Cannot specify more than one {name.lower()} rule in a filter."
            raise invalid_argument(text, "FilterRule.Name", name.lower())
        names.add(name)
        yield name, str(rule.get("Value") or "")


def _share(one: str, other: str) -> bool:
    """Return whether two names of events, possibly with a wildcard, have an event in common."""
    if one.endswith(_ANY) or other.endswith(_ANY):
        return one.rpartition(":")[0] == other.rpartition(":")[0]
    return one == other


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
