"""A model that another process has loaded answers every call as the original."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support.calls.random_calls import Caller
from tests.support.network.vpc_factory import zip_of
from tests.support.paths import ROOT
from tests.support.served.functions import role_and_client
from tests.support.served.region import Region, two_zones
from tests.support.served.saved import answers, model_of
from vpcache.stack.target import lab_target

CALLS = 600


def add_resources(region: Region) -> None:
    """Create resources that random calls do not reach, of services whose objects are special."""
    for name in ("us-east-1", "eu-west-1"):
        two_zones(region.client("ec2", name))
    code = zip_of("def handler(event, context): return event")
    functions = role_and_client(region)
    role = region.client("iam").list_roles()["Roles"][0]["Arn"]
    arn = functions.create_function(
        FunctionName="worker",
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": code},
        Publish=True,
    )["FunctionArn"].rpartition(":")[0]
    functions.create_alias(FunctionName="worker", Name="live", FunctionVersion="1")
    functions.create_function_url_config(FunctionName="worker", AuthType="NONE")
    functions.publish_layer_version(LayerName="layer", Content={"ZipFile": code})
    functions.invoke(FunctionName="worker", Payload=b"{}")
    rules = region.client("events")
    rules.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    rules.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": arn}])
    apis = region.client("apigatewayv2")
    api = apis.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    buckets = region.client("s3")
    buckets.create_bucket(Bucket="state")
    buckets.put_object(Bucket="state", Key="key", Body=b"x" * 100_000)
    upload = buckets.create_multipart_upload(Bucket="state", Key="parts")["UploadId"]
    buckets.upload_part(Bucket="state", Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    queues = region.client("sqs")
    url = queues.create_queue(QueueName="events")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="waiting")
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "made"}}}}
    stacks = region.client("cloudformation")
    stacks.create_stack(StackName="made", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig={"Delay": 0})
    region.client("kms").create_key(Description="key")
    region.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    region.client("ssm").put_parameter(Name="/name", Value="value", Type="String")


def test_every_answer_is_the_same_in_the_process_that_loads_the_model(region: Region, tmp_path: Path) -> None:
    add_resources(region)
    caller = Caller(lab_target(region.url, {}), 7)
    for call in caller.calls(CALLS):
        caller.problem(call)
    before = answers(region)
    (tmp_path / "model").write_bytes(model_of(region))

    files = [str(tmp_path / "model"), str(tmp_path / "answers")]
    command = [sys.executable, "-m", "tests.support.served.saved", *files]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)

    assert process.returncode == 0, process.stderr
    after = json.loads((tmp_path / "answers").read_text())
    different = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert not different, json.dumps(different)
    assert len([key for key, answer in before.items() if answer not in ("{}", "[]")]) > 100
