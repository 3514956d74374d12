"""What the lab reads of the data of moto and botocore is equal to what they would read."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.session import Session

from tests.support.paths import ROOT
from tests.support.served.region import Region, error_code
from vpcache.lab.aws.gateway.app import DECLARATIONS
from vpcache.lab.aws.iam.managed_policies import aws_managed_policies
from vpcache.lab.aws.loading.endpoints import partitions, service_regions
from vpcache.lab.aws.loading.service_models import read_model

STACK = """
import json
from vpcache.lab.aws.loading.reduction import reduce_data
reduce_data()
from tests.support.served.region import serve
with serve() as region:
    stacks = region.client("cloudformation")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}
    stacks.create_stack(StackName="made", TemplateBody=json.dumps(template))
    waiter = {"Delay": 0, "MaxAttempts": 10_000}
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig=waiter)
    except Exception:
        pass
    print(stacks.describe_stacks(StackName="made")["Stacks"][0]["StackStatus"])
"""
SERVICES = ("cloudformation", "cloudwatch", "ec2", "elasticache", "iam", "lambda", "logs", "s3", "sqs", "sts")


@cache
def session() -> Session:
    return Session()


def without_documentation(content: Any) -> Any:
    if isinstance(content, dict):
        return {
            name: without_documentation(value)
            for name, value in content.items()
            if name != "documentation" or not isinstance(value, str)
        }
    return list(map(without_documentation, content)) if isinstance(content, list) else content


def test_partitions_are_botocores() -> None:
    assert list(partitions()) == session().get_available_partitions()
    assert {"us-east-1", "eu-west-1"} < partitions()["aws"].titles.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_regions_of_services_are_botocores(service: str) -> None:
    for partition in partitions():
        expected = session().get_available_regions(service, partition)
        assert list(service_regions(service, partition)) == expected
    assert service_regions("cloudwatch")  # whose endpoints have another name


def test_unknown_names_have_no_regions() -> None:
    assert service_regions("no-service") == service_regions("ec2", "no-partition") == ()


@pytest.mark.parametrize("service", SERVICES)
def test_models_are_botocores_without_documentation(service: str) -> None:
    version = Loader().determine_latest_version(service, "service-2")
    path = Path(botocore.__file__).parent / "data" / service / version / "service-2"
    model = read_model(str(path))
    assert without_documentation(model) == without_documentation(
        json.loads(json.dumps(Loader().load_data(f"{service}/{version}/service-2")))
    )
    assert '"documentation": "<' not in json.dumps(model)  # botocore's are HTML
    assert ServiceModel(model, service).client_context_parameters is not None


def test_every_model_of_botocore_can_be_used() -> None:
    for service in session().get_available_services():
        version = Loader().determine_latest_version(service, "service-2")
        path = Path(botocore.__file__).parent / "data" / service / version / "service-2"
        model = ServiceModel(read_model(str(path)), service)
        assert model.service_id
        list(model.client_context_parameters)


def test_bucket_of_a_stack_is_created_in_a_process_with_reduced_data() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STACK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "CREATE_COMPLETE", done.stdout + done.stderr


def test_data_file_that_does_not_exist_has_no_content(tmp_path: Path) -> None:
    assert read_model(str(tmp_path / "service-2")) is None


def test_managed_policies_are_motos() -> None:
    policies = {each.arn: each for each in aws_managed_policies("123456789012", "aws")}
    text = import_module("moto.iam.aws_managed_policies").aws_managed_policies_data
    expected = json.loads(text)
    assert len(policies) == len(expected) > 1000
    for name, entry in expected.items():
        policy = policies[f"arn:aws:iam::aws:policy{entry['Path']}{name}"]
        (version,) = policy.versions
        assert json.loads(version.document) == entry["Document"]
        assert version.version_id == policy.default_version_id == entry["DefaultVersionId"]
        assert policy.create_date.isoformat() == entry["CreateDate"]
        assert policy.update_date.isoformat() == version.create_date.isoformat() == entry["UpdateDate"]


def test_document_of_managed_policy_is_read_by_clients(region: Region) -> None:
    iam = region.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert found["IsDefaultVersion"]
    assert found["Document"]["Statement"][0]["Effect"] == "Allow"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("describe_instance_types", {}),
        ("describe_instance_type_offerings", {}),
        ("run_instances", {"MinCount": 1, "MaxCount": 1}),
        ("create_launch_template", {"LaunchTemplateName": "one", "LaunchTemplateData": {}}),
    ],
)
def test_operations_that_read_instance_types_are_refused(
    region: Region, operation: str, parameters: dict[str, Any]
) -> None:
    """The lab does not load the data of instance types."""
    assert error_code(getattr(region.client("ec2"), operation), **parameters) == "NotImplemented"


def test_services_that_read_instance_types_are_refused(region: Region) -> None:
    """Batch and Auto Scaling check instance types."""
    batch = region.client("batch")
    assert (
        error_code(
            batch.create_compute_environment,
            computeEnvironmentName="one",
            type="MANAGED",
            computeResources={"type": "EC2", "maxvCpus": 1, "subnets": ["subnet-1"], "instanceTypes": ["m5"]},
        )
        == "NotImplemented"
    )
    assert "batch" not in DECLARATIONS
