"""Random calls to AWS's API: parameters made from botocore's own models, some right, some wrong."""

from __future__ import annotations

import random
import string
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel, Shape

from vpcache.stack.target import Target

_OF_VPCS = (
    "Address",
    "AvailabilityZones",
    "DhcpOptions",
    "Endpoint",
    "FlowLogs",
    "InternetGateway",
    "NatGateway",
    "NetworkAcl",
    "NetworkInterface",
    "PrefixList",
    "Route",
    "SecurityGroup",
    "Subnet",
    "Tags",
    "Vpc",
)
"""What the names of EC2's operations hold that have to do with VPCs."""
_SAME = {
    "allocation": "allocationid",
    "arn": "functionarn",
    "cidr": "cidrblock",
    "cidrip": "cidrblock",
    "cidripv4": "cidrblock",
    "destinationcidrblock": "cidrblock",
    "gatewayid": "internetgatewayid",
    "group": "groupid",
    "privateip": "privateipaddress",
    "resourcename": "arn",
    "securitygroupid": "groupid",
    "securitygroup": "groupid",
    "sourcesecuritygroupid": "groupid",
    "tagkey": "key",
}
"""Names under which requests ask for what answers tell under another one."""
_KEPT = 40  # values of a name
_DEEPEST = 5  # structure within structure
_MAX_OPTIONAL = 5  # members at a time, of those that need not be there
_ODD_TEXTS = ("", " ", "a" * 300, "<&>'\"", "ünï¢ode ☃", "../../etc", "tab\there", "\x01", "-1", "null", "*")
_ODD_NUMBERS = (-1, 0, 2**31, 2**63, 2**70, -(2**31))
_READ_SECONDS = 20


class Pool:
    """Values by the name under which answers told them, the latest ones of each."""

    def __init__(self) -> None:
        self._values: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def add(self, name: str, value: Any) -> None:
        """Remember a value."""
        values = self._values[_key(name)]
        if value not in values:
            values.append(value)

    def learn(self, answer: Any, name: str = "") -> None:
        """Remember all texts in an answer."""
        match answer:
            case dict():
                for key, value in answer.items():
                    if key != "ResponseMetadata":
                        self.learn(value, key)
            case list():
                for value in answer:
                    self.learn(value, name)
            case str() if 0 < len(answer) < 300:
                self.add(name, answer)

    def draw(self, dice: random.Random, *names: str) -> Any | None:
        """Return a value known under the first of the names that is known, None if none is."""
        for name in names:
            for key in (_key(name), _SAME.get(_key(name), "")):
                if known := self._values.get(key):
                    return dice.choice(known)
        return None

    def draw_any(self, dice: random.Random) -> str | None:
        """Return any identifier."""
        known = [key for key in self._values if key.endswith(("id", "arn", "name"))]
        return str(dice.choice(self._values[dice.choice(known)])) if known else None


def _key(name: str) -> str:
    name = name.lower()
    return name.removesuffix("s") if not name.endswith("ss") else name


@dataclass(frozen=True)
class RandomCall:
    """What is asked of which service."""

    number: int
    service: str
    operation: str  # the API's name
    method: str  # boto3's name
    parameters: dict[str, Any]

    def __str__(self) -> str:
        return f"call {self.number}: {self.service}.{self.method}(**{self.parameters!r})"


class _Parameters:
    """Makes the parameters of one call."""

    def __init__(self, dice: random.Random, pool: Pool) -> None:
        self._dice = dice
        self._pool = pool
        self._wrong = dice.choice((0.0, 0.0, 0.05, 0.2))  # the share of values that are wrong on purpose

    def of(self, operation: OperationModel) -> dict[str, Any]:
        shape = operation.input_shape
        return self._structure(shape, 0) if shape else {}

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        members = shape.members
        # without what its URL consists of there is no call
        needed = {name for name, each in members.items() if each.serialization.get("location") == "uri"}
        chosen = needed | {name for name in shape.required_members if not self._is_wrong()}
        optional = [name for name in members if name not in shape.required_members and name != "DryRun"]
        few = self._dice.randint(0, min(_MAX_OPTIONAL if depth < 2 else 2, len(optional)))
        chosen |= set(self._dice.sample(optional, few)) if depth < _DEEPEST else set()
        if "DryRun" in members and self._dice.random() < 0.02:
            chosen.add("DryRun")
        return {name: self._value(members[name], name, depth + 1) for name in members if name in chosen}

    def _value(self, shape: Any, name: str, depth: int) -> Any:
        if shape.serialization.get("location") not in ("uri", "header") and self._is_wrong():
            return self._wrong_value(shape)
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                least, most = _bounds(shape, 0, 3)
                many = range(self._dice.randint(least, min(most, least + 3)))
                return [self._value(shape.member, name, depth + 1) for _ in many]
            case "map":
                many = range(self._dice.randint(0, 2))
                return {
                    str(self._text(shape.key, "key")): self._value(shape.value, name, depth + 1) for _ in many
                }
            case "string":
                return self._text(shape, name)
            case "integer" | "long":
                least, most = _bounds(shape, -1, 100)
                return self._dice.randint(least, min(most, least + self._dice.choice((1, 3, 50, 5000))))
            case "float" | "double":
                return self._dice.choice((0.0, 0.5, 1.0, self._dice.random() * 100))
            case "boolean":
                return self._dice.random() < 0.5
            case "timestamp":
                return datetime.fromtimestamp(self._dice.randint(0, 2**31), UTC)
            case "blob":
                return self._pool.draw(self._dice, name) or self._dice.randbytes(20)
            case kind:
                raise AssertionError(f"botocore's models have a type {kind}, which is not generated")

    def _text(self, shape: Shape, name: str) -> str:
        if choices := shape.metadata.get("enum"):
            return str(self._dice.choice(choices))
        known = self._pool.draw(self._dice, name, shape.name) if self._dice.random() < 0.9 else None
        if known is None and self._dice.random() < 0.3:
            known = self._pool.draw_any(self._dice)
        if known is not None:
            return str(known)
        least, most = _bounds(shape, 1, 12)
        size = self._dice.randint(max(least, 1), max(1, min(most, least + 12)))
        return "".join(self._dice.choices(string.ascii_letters + string.digits + "-_", k=size))

    def _wrong_value(self, shape: Shape) -> Any:
        match shape.type_name:
            case "string":
                return self._dice.choice(_ODD_TEXTS)
            case "integer" | "long":
                return self._dice.choice((*_ODD_NUMBERS, "many", ""))
            case "float" | "double":
                return self._dice.choice((-1.0, 1e300, "much"))
            case "boolean":
                return self._dice.choice(("maybe", "", 2))
            case "list":
                return self._dice.choice(([], ["no such thing"] * 3, [{}]))
            case "map" | "structure":
                return {}
            case "timestamp":
                return self._dice.choice(("1970-01-01T00:00:00Z", 2**40))
            case _:
                return b""

    def _is_wrong(self) -> bool:
        return self._dice.random() < self._wrong


def _bounds(shape: Shape, least: int, most: int) -> tuple[int, int]:
    least = int(shape.metadata.get("min", least))
    return least, max(int(shape.metadata.get("max", max(most, least))), least)


@dataclass
class Caller:
    """Makes random calls on a target, the same ones again for the same seed and the same answers."""

    target: Target
    seed: int
    pool: Pool = field(default_factory=Pool)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._clients = {each: self._client(each) for each in ("ec2", "elasticache", "lambda")}
        self._operations = [
            (service, method, operation)
            for service, client in self._clients.items()
            for method, operation in sorted(client.meta.method_to_api_mapping.items())
            if service != "ec2" or any(each in operation for each in _OF_VPCS)
        ]
        self._is_sent = False
        self._refused: set[str] = set()  # operations that are not emulated

    def calls(self, count: int) -> Iterator[RandomCall]:
        """Yield so many calls, the next one once the answer to the one before may be known."""
        for number in range(count):
            yield self.call(number)

    def call(self, number: int) -> RandomCall:
        """Return a call; its number and what is known decide it."""
        dice = random.Random(f"{self.seed}/{number}")
        # services have the same chance, however many operations they have; so has what the lab emulates
        service, is_known = dice.choice(tuple(self._clients)), dice.random() < 0.9
        mine = [each for each in self._operations if each[0] == service]
        likely = [each for each in mine if (each[2] in self._refused) != is_known]
        _, method, operation = dice.choice(likely or mine)
        model = self._clients[service].meta.service_model.operation_model(operation)
        return RandomCall(number, service, operation, method, _Parameters(dice, self.pool).of(model))

    def complaint(self, call: RandomCall) -> str | None:
        """Make a call; return what is wrong with the answer, None if it is one that AWS could give."""
        self._is_sent = False
        try:
            answer = getattr(self._clients[call.service], call.method)(**call.parameters)
            for value in answer.values():
                if hasattr(value, "read"):
                    value.read()
        except ClientError as error:
            return self._complaint_about(call, error.response)
        except Exception as error:
            if self._is_sent:
                return f"{type(error).__name__}: {error}"
            self.outcomes["not to be put into a request"] += 1
            return None
        self.outcomes["success"] += 1
        self.pool.learn(answer)
        return None

    def _complaint_about(self, call: RandomCall, answer: Any) -> str | None:
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        code, message = answer["Error"].get("Code"), answer["Error"].get("Message")
        self.outcomes[f"{status} {code}"] += 1
        if not code or not message or code.isdigit() or code == "Unknown":
            return f"an error of {status} without code or message: {answer}"
        if status == 501 and code == "NotImplemented" and call.operation in message:
            if "fails at" in message:
                self.outcomes["moto fails: " + call.operation] += 1
            else:
                self._refused.add(call.operation)
            return None
        return f"{status} {code}: {message}" if status >= 500 or code.startswith("Internal") else None

    def _client(self, service: str) -> Any:
        client = self.target.client(
            service,
            parameter_validation=False,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 1},
        )
        client.meta.events.register(f"before-send.{service}", self._note_sent)
        return client

    def _note_sent(self, **_: Any) -> None:
        self._is_sent = True
