"""Random calls to AWS's API, with parameters from botocore's models, some of them invalid on purpose.

Most have only parameters that the lab declares. An answer must have the members of AWS's model only, and show
the values of the request.
"""

from __future__ import annotations

import random
import string
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel, Shape

from tests.support.calls.response_shapes import foreign_members
from tests.support.calls.sent_and_shown import contradictions
from vpcache.lab.aws.gateway.app import DECLARATIONS
from vpcache.stack.target import Target

_SERVICES = (
    *("ec2", "elasticache", "lambda") * 2,
    "ec2",
    *("cloudwatch", "iam", "logs", "s3", "sns", "sqs", "ssm", "sts"),
)
"""The services, some of them more likely than others."""
_SYNONYMS = {
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
"""Names of request parameters, and the names that responses use for the same values."""
_MAX_VALUES = 40  # of one name
_MAX_DEPTH = 5  # of nested structures
_MAX_OPTIONAL = 5  # optional members of a structure
_ODD_TEXTS = ("", " ", "a" * 300, "<&>'\"", "ünï¢ode ☃", "../../etc", "tab\there", "\x01", "-1", "null", "*")
_ODD_NUMBERS = (-1, 0, 2**31, 2**63, 2**70, -(2**31))
_READ_TIMEOUT = 20
_CHANGES = ("Create", "Modify", "Put", "Update")  # how operations begin whose answers show their parameters


class Pool:
    """Values from responses by their names, the latest ones of each name."""

    def __init__(self) -> None:
        self._values: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=_MAX_VALUES))

    def add(self, name: str, value: Any) -> None:
        """Remember a value."""
        values = self._values[_key(name)]
        if value not in values:
            values.append(value)

    def learn(self, response: Any, name: str = "") -> None:
        """Remember all strings of a response."""
        match response:
            case dict():
                for key, value in response.items():
                    if key != "ResponseMetadata":
                        self.learn(value, key)
            case list():
                for value in response:
                    self.learn(value, name)
            case str() if 0 < len(response) < 300:
                self.add(name, response)

    def draw(self, generator: random.Random, *names: str) -> Any | None:
        """Return a value of the first name that has values, or None if no name has."""
        for name in names:
            for key in (_key(name), _SYNONYMS.get(_key(name), "")):
                if values := self._values.get(key):
                    return generator.choice(values)
        return None

    def draw_any(self, generator: random.Random) -> str | None:
        """Return a value of any identifier."""
        names = [key for key in self._values if key.endswith(("id", "arn", "name"))]
        return str(generator.choice(self._values[generator.choice(names)])) if names else None


def _key(name: str) -> str:
    name = name.lower()
    return name.removesuffix("s") if not name.endswith("ss") else name


@dataclass(frozen=True)
class RandomCall:
    """One call: an operation of a service with its parameters."""

    number: int
    service: str
    operation: str  # the API's name
    method: str  # boto3's name
    parameters: dict[str, Any]

    def __str__(self) -> str:
        return f"call {self.number}: {self.service}.{self.method}(**{self.parameters!r})"


class _Parameters:
    """Creates the parameters of one call."""

    def __init__(self, generator: random.Random, pool: Pool, declared: Collection[str] | None) -> None:
        self._generator = generator
        self._pool = pool
        self._declared = declared  # None allows all parameters
        self._invalid_share = generator.choice((0.0, 0.0, 0.05, 0.2))  # of the values

    def of(self, operation: OperationModel) -> dict[str, Any]:
        shape = operation.input_shape
        return self._structure(shape, 0, "") if shape else {}

    def _structure(self, shape: Any, depth: int, path: str) -> dict[str, Any]:
        members = {
            name: member
            for name, member in shape.members.items()
            if self._is_declared(_below(path, name)) and name != "ContentLength"  # of the body, as sent
        }
        # a call cannot be sent without the parts of its URL
        required = {name for name, member in members.items() if member.serialization.get("location") == "uri"}
        chosen = required | {
            name for name in shape.required_members if name in members and not self._is_invalid()
        }
        optional = [name for name in members if name not in shape.required_members and name != "DryRun"]
        few = self._generator.randint(0, min(_MAX_OPTIONAL if depth < 2 else 2, len(optional)))
        chosen |= set(self._generator.sample(optional, few)) if depth < _MAX_DEPTH else set()
        if "DryRun" in members and self._generator.random() < 0.02:
            chosen.add("DryRun")
        return {
            name: self._value(members[name], name, depth + 1, _below(path, name))
            for name in members
            if name in chosen
        }

    def _is_declared(self, path: str) -> bool:
        """Return whether a parameter, one above or one below it is declared."""
        if self._declared is None or path in ("Bucket", "Key"):
            return True
        known = [each.partition("=")[0] for each in self._declared]
        return any(
            each == path or path.startswith(f"{each}.") or each.startswith(f"{path}.") for each in known
        )

    def _declared_values(self, path: str) -> list[str]:
        """Return the values of a parameter that is declared by them."""
        pairs = [each.partition("=") for each in self._declared or ()]
        return [value for each, equals, value in pairs if equals and each == path]

    def _declared_keys(self, path: str) -> list[str]:
        """Return some keys of a map whose keys are declared, such as the attributes of a queue."""
        known = {each.partition("=")[0] for each in self._declared or ()}
        keys = sorted(
            {each[len(path) + 1 :].partition(".")[0] for each in known if each.startswith(f"{path}.")}
        )
        return self._generator.sample(keys, min(len(keys), self._generator.randint(0, 2)))

    def _value(self, shape: Any, name: str, depth: int, path: str) -> Any:
        if choices := self._declared_values(path):
            return _parsed(shape, self._generator.choice(choices))
        if shape.serialization.get("location") not in ("uri", "header") and self._is_invalid():
            return self._invalid_value(shape)
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth, path)
            case "list":
                minimum, maximum = _bounds(shape, 0, 3)
                indexes = range(self._generator.randint(minimum, min(maximum, minimum + 3)))
                return [self._value(shape.member, name, depth + 1, path) for _ in indexes]
            case "map":
                names = self._declared_keys(path) or [
                    str(self._text(shape.key, "key")) for _ in range(self._generator.randint(0, 2))
                ]
                return {each: self._value(shape.value, name, depth + 1, _below(path, each)) for each in names}
            case "string":
                return self._text(shape, name)
            case "integer" | "long":
                minimum, maximum = _bounds(shape, -1, 100)
                maximum = min(maximum, minimum + self._generator.choice((1, 3, 50, 5000)))
                return self._generator.randint(minimum, maximum)
            case "float" | "double":
                return self._generator.choice((0.0, 0.5, 1.0, self._generator.random() * 100))
            case "boolean":
                return self._generator.random() < 0.5
            case "timestamp":
                return datetime.fromtimestamp(self._generator.randint(0, 2**31), UTC)
            case "blob":
                return self._pool.draw(self._generator, name) or self._generator.randbytes(20)
            case kind:
                raise AssertionError(f"unknown type {kind} in botocore's models")

    def _text(self, shape: Shape, name: str) -> str:
        if choices := shape.metadata.get("enum"):
            return str(self._generator.choice(choices))
        known = self._pool.draw(self._generator, name, shape.name) if self._generator.random() < 0.9 else None
        if known is None and self._generator.random() < 0.3:
            known = self._pool.draw_any(self._generator)
        if known is not None:
            return str(known)
        minimum, maximum = _bounds(shape, 1, 12)
        size = self._generator.randint(max(minimum, 1), max(1, min(maximum, minimum + 12)))
        return "".join(self._generator.choices(string.ascii_letters + string.digits + "-_", k=size))

    def _invalid_value(self, shape: Shape) -> Any:
        match shape.type_name:
            case "string":
                return self._generator.choice(_ODD_TEXTS)
            case "integer" | "long":
                return self._generator.choice((*_ODD_NUMBERS, "many", ""))
            case "float" | "double":
                return self._generator.choice((-1.0, 1e300, "much"))
            case "boolean":
                return self._generator.choice(("maybe", "", 2))
            case "list":
                return self._generator.choice(([], ["no such thing"] * 3, [{}]))
            case "map" | "structure":
                return {}
            case "timestamp":
                return self._generator.choice(("1970-01-01T00:00:00Z", 2**40))
            case _:
                return b""

    def _is_invalid(self) -> bool:
        return self._generator.random() < self._invalid_share


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _parsed(shape: Shape, text: str) -> Any:
    if shape.type_name == "boolean":
        return text == "true"
    return int(text) if shape.type_name in ("integer", "long") else text


def _bounds(shape: Shape, minimum: int, maximum: int) -> tuple[int, int]:
    minimum = int(shape.metadata.get("min", minimum))
    return minimum, max(int(shape.metadata.get("max", max(maximum, minimum))), minimum)


@dataclass
class Caller:
    """Sends random calls to a target; equal seeds and equal responses give equal calls."""

    target: Target
    seed: int
    pool: Pool = field(default_factory=Pool)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._clients = {service: self._client(service) for service in sorted({*_SERVICES})}
        self._operations = {
            service: [
                entry
                for entry in sorted(client.meta.method_to_api_mapping.items())
                if entry[1] != "ListDirectoryBuckets"  # it has the address of ListBuckets
            ]
            for service, client in self._clients.items()
        }
        self._is_sent = False
        self._body = b""  # of the last response

    def calls(self, count: int) -> Iterator[RandomCall]:
        """Yield `count` calls, each one after the response to the previous one."""
        for number in range(count):
            yield self.call(number)

    def call(self, number: int) -> RandomCall:
        """Return a call, which depends on its number and the values from responses."""
        generator = random.Random(f"{self.seed}/{number}")
        service, wants_declared = generator.choice(_SERVICES), generator.random() < 0.9
        declarations = self._declarations(service)
        candidates = self._operations[service]
        preferred = [entry for entry in candidates if (entry[1] in declarations) == wants_declared]
        method, operation = generator.choice(preferred)
        model = self._clients[service].meta.service_model.operation_model(operation)
        declared = declarations.get(operation) if generator.random() < 0.9 else None
        parameters = _Parameters(generator, self.pool, declared).of(model)
        return RandomCall(number, service, operation, method, parameters)

    def _declarations(self, service: str) -> Mapping[str, Collection[str]]:
        return DECLARATIONS[self._clients[service].meta.service_model.signing_name]

    def problem(self, call: RandomCall) -> str | None:
        """Send a call; return the problem of the response, or None if AWS could respond like this."""
        self._is_sent = False
        try:
            response = getattr(self._clients[call.service], call.method)(**call.parameters)
            for value in response.values():
                if hasattr(value, "read"):
                    value.read()
        except ClientError as error:
            return self._problem_of_error(call, error.response)
        except Exception as error:
            if self._is_sent:
                return f"{type(error).__name__}: {error}"
            self.outcomes["rejected by botocore"] += 1
            return None
        self.outcomes["success"] += 1
        self.pool.learn(response)
        return self._problem_of_success(call, response)

    def _problem_of_success(self, call: RandomCall, response: Any) -> str | None:
        if call.operation not in self._declarations(call.service):
            return "success of an operation that declares nothing"
        client = self._clients[call.service].meta.service_model
        model = client.operation_model(call.operation)
        if foreign := foreign_members(model, self._body, client.resolved_protocol):
            return f"members that AWS lacks: {', '.join(dict.fromkeys(foreign))}"
        if call.operation.startswith(_CHANGES) and (other := contradictions(call.parameters, response)):
            return f"silence: {'; '.join(other)}"
        return None

    def _problem_of_error(self, call: RandomCall, response: Any) -> str | None:
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        code, message = response["Error"].get("Code"), response["Error"].get("Message")
        self.outcomes[f"{status} {code}"] += 1
        if self._is_head(call):  # its errors have no body
            return f"{status}" if status == 500 else None
        if not code or not message or code.isdigit() or code == "Unknown":
            return f"an error of {status} without code or message: {response}"
        is_named = call.operation in message or "Header" in response["Error"] or self._is_like_another(call)
        if status == 501 and code == "NotImplemented" and is_named:
            if "fails at" in message:
                self.outcomes[f"moto fails: {call.operation}: {message[-80:]}"] += 1
            return None
        return f"{status} {code}: {message}" if status >= 500 or code.startswith("Internal") else None

    def _is_like_another(self, call: RandomCall) -> bool:
        """Return whether a request may have another operation's address, as it lacks required parameters."""
        model = self._clients[call.service].meta.service_model.operation_model(call.operation)
        required = model.input_shape.required_members if model.input_shape else ()
        return call.service in ("lambda", "s3") and not {*required} <= call.parameters.keys()

    def _is_head(self, call: RandomCall) -> bool:
        model = self._clients[call.service].meta.service_model.operation_model(call.operation)
        return bool(model.http["method"] == "HEAD")

    def _client(self, service: str) -> Any:
        client = self.target.client(
            service,
            parameter_validation=False,
            inject_host_prefix=False,
            read_timeout=_READ_TIMEOUT,
            retries={"total_max_attempts": 1},
        )
        client.meta.events.register(f"before-send.{service}", self._note_sent)
        client.meta.events.register(f"before-parse.{service}", self._note_body)
        return client

    def _note_body(self, response_dict: Any, **_: Any) -> None:
        body = response_dict["body"]
        self._body = body if isinstance(body, bytes) else b""

    def _note_sent(self, **_: Any) -> None:
        self._is_sent = True
