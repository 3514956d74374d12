"""The plan of a root module without requests to AWS, by Terraform's test framework with a mock provider.

Unlike a normal plan it contains generated IDs, and therefore all references between resources.
https://developer.hashicorp.com/terraform/language/tests/mocking
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache.errors import VpcacheError
from vpcache.stack.stack import Stack
from vpcache.terraform.initialisation import initialise
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.root_module import values_files
from vpcache.terraform.runner import Event, Terraform, plugin_dir

_ACCOUNT = "123456789012"

# prefixes of generated IDs: each resource needs its own ID, as modules validate and reference them
_IDS = {
    "aws_default_route_table": "rtb",
    "aws_default_vpc": "vpc",
    "aws_eip": "eipalloc",
    "aws_internet_gateway": "igw",
    "aws_nat_gateway": "nat",
    "aws_route_table": "rtb",
    "aws_security_group": "sg",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpce",
}

# a random string would be rejected where an ARN is expected
_ARNS = {
    "aws_cloudwatch_log_group": "logs:{region}:{account}:log-group:planned",
    "aws_iam_policy": "iam::{account}:policy/planned",
    "aws_iam_role": "iam::{account}:role/planned",
    "aws_kms_key": "kms:{region}:{account}:key/planned",
    "aws_s3_bucket": "s3:::planned",
    "aws_sns_topic": "sns:{region}:{account}:planned",
    "aws_sqs_queue": "sqs:{region}:{account}:planned",
}

# a random string would be rejected where a URL is expected
_API_ARN = "arn:aws:execute-api:{region}:{account}:{key}"
_ATTRIBUTES = {
    "aws_apigatewayv2_api": {
        "api_endpoint": "https://{key}.execute-api.{region}.amazonaws.com",
        "execution_arn": _API_ARN,
    },
    "aws_apigatewayv2_stage": {"execution_arn": _API_ARN + "/{key}"},
    "aws_lambda_function_url": {"function_url": "https://{key}.lambda-url.{region}.on.aws/"},
}
"""By type: attributes other than `arn` whose form matters to other resources, or to the diagram, with a key
that differs between resources."""

_Plan = Mapping[str, Any]


@dataclass(frozen=True)
class _Planner:
    """A working directory, initialised, in which a Terraform test plans the stack's root module."""

    stack: Stack
    folder: Path
    terraform: Terraform

    def plan(self, changes: Iterable[Mapping[str, Any]], data: Iterable[Mapping[str, Any]] = ()) -> _Plan:
        """Return a plan with generated IDs for the resources that `changes` of a previous plan create.

        `data` are data sources with values.
        """
        self.write(changes, data)
        plans: list[_Plan] = []

        def collect(event: Event) -> None:
            if event.get("type") == "test_plan":
                plans.append(event["test_plan"])

        files = [*map(str, values_files(self.stack.environment_dir)), self.stack.variables_file(_ACCOUNT)]
        self.terraform.cmd("test", json=IsFlagged, verbose=IsFlagged, var_file=files, on_event=collect)
        if not plans:
            raise VpcacheError(f"terraform test printed no plan of {self.stack.environment_dir}")
        return plans[0]

    def write(self, changes: Iterable[Mapping[str, Any]], data: Iterable[Mapping[str, Any]] = ()) -> None:
        """Write the Terraform test, from which `init` also takes the modules."""
        source = os.path.relpath(self.stack.environment_dir, self.folder)
        text = plan_hcl(source, self.stack.target.region, changes, data)
        (self.folder / "tests/plan.tftest.hcl").write_text(text)


def mock_plan(stack: Stack) -> _Plan:
    """Return the plan that creates the whole stack, in the format of `terraform show -json`.

    Raises VpcacheError if the root module cannot be planned without data from the account.
    """
    stack.check_values()
    with _planner(stack) as planner:
        return planner.plan(planner.plan(())["resource_changes"])


def evaluated_plan(stack: Stack, plan: _Plan) -> _Plan:
    """Return a mock plan with generated IDs of the resources of a plan, and with the data that the plan read.

    So it has the values of all expressions of the root module. Raises VpcacheError as `mock_plan` does.
    """
    read = (plan.get("prior_state") or {}).get("values", {}).get("root_module", {})
    with _planner(stack) as planner:
        return planner.plan(plan["resource_changes"], list(_data(read)))


@contextmanager
def _planner(stack: Stack) -> Iterator[_Planner]:
    """Yield a planner whose Terraform tests share one provider process."""
    folder = stack.work_dir / "mock-plan"
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").touch()
    environ, data_dir = stack.target.environment, folder / "terraform"
    terraform = Terraform(
        folder,
        executable=find_terraform(environ),
        environment=terraform_environment(environ, data_dir),
        log_dir=folder / "logs",
    )
    planner = _Planner(stack, folder, terraform)
    planner.write(())
    plugins = plugin_dir(environ)
    initialise(terraform, plugin_dir=str(plugins) if plugins else None)
    with terraform.attached_provider():
        yield planner


def plan_hcl(
    source: str, region: str, changes: Iterable[Mapping[str, Any]], read: Iterable[Mapping[str, Any]] = ()
) -> str:
    """Return a Terraform test that plans the module at `source`, with IDs for the resources in `changes`.

    `read` are data sources with their values.
    """
    zones = [f"{region}{letter}" for letter in "abcdef"]
    data = {
        "aws_availability_zones": {"names": zones},
        "aws_caller_identity": {"account_id": _ACCOUNT},
        "aws_iam_policy_document": {"json": "{}"},
        "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
        "aws_region": {"id": region, "name": region},
    }
    mocks = [_block(f'mock_data "{kind}"', "defaults", values) for kind, values in data.items()]
    for kind, arn in _ARNS.items():
        values = {"arn": f"arn:aws:{arn.format(region=region, account=_ACCOUNT)}"}
        mocks.append(_block(f'mock_resource "{kind}"', "defaults", values))
    for kind, attributes in _ATTRIBUTES.items():
        mocks.append(_block(f'mock_resource "{kind}"', "defaults", _formatted(attributes, region, "planned")))
    overrides = [
        _block("override_resource", "values", _generated(change, region), target=change["address"])
        for change in changes
        if change["mode"] == "managed" and change["type"] in _IDS.keys() | _ATTRIBUTES.keys()
    ]
    overrides += [
        _block("override_data", "values", _without_nulls(each["values"]), target=each["address"])
        for each in read
    ]
    return "\n".join(
        [
            'mock_provider "aws" {',
            "override_during = plan",
            *mocks,
            "}",
            *overrides,
            'run "plan" {',
            "command = plan",
            _block("module", "source", source),
            "}\n",
        ]
    )


def _generated(change: Mapping[str, Any], region: str) -> dict[str, str]:
    """Return the ID or the attributes of a resource, which differ from those of all other resources."""
    key = hashlib.sha256(change["address"].encode()).hexdigest()[:17]
    if change["type"] in _ATTRIBUTES:
        return _formatted(_ATTRIBUTES[change["type"]], region, key)
    id_ = f"{_IDS[change['type']]}-{key}"
    return {"id": id_, "allocation_id": id_} if change["type"] == "aws_eip" else {"id": id_}


def _formatted(attributes: Mapping[str, str], region: str, key: str) -> dict[str, str]:
    return {name: text.format(region=region, account=_ACCOUNT, key=key) for name, text in attributes.items()}


def _block(head: str, key: str, values: Any, target: str = "") -> str:
    """Return an HCL block with one argument; JSON is valid syntax for its value."""
    address = f"target = {target}\noverride_during = plan\n" if target else ""
    return f"{head} {{\n{address}{key} = {json.dumps(values)}\n}}"


def _data(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the data sources in a module of a state."""
    yield from (each for each in module.get("resources", []) if each["mode"] == "data")
    for child in module.get("child_modules", []):
        yield from _data(child)


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
