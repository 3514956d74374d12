"""The source scenario as a CloudFormation stack, with a handler in JavaScript: miss and hit by packets."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from tests.support.scenario_stack import template
from tests.support.served.stacks import CAPABILITIES, Stacks
from vpcache.lab.addresses import ORIGIN
from vpcache.lab.client import Lab
from vpcache.lab.functions.node.installation import installed_node
from vpcache.stack.target import lab_target

NODE = installed_node()
pytestmark = pytest.mark.skipif(NODE is None or NODE.major < 20, reason="Node.js is not installed")
PATH = "/api/v1/employees"
HANDLER = f"""
const https = require("https");
const net = require("net");

exports.handler = async () => {{
  const cached = await ask("get employees\\r\\n");
  if (cached !== "END\\r\\n") {{
    return {{ from: "cache", size: cached.length }};
  }}
  const text = await fetched();
  await ask(`set employees 0 60 ${{Buffer.byteLength(text)}}\\r\\n${{text}}\\r\\n`);
  return {{ from: "origin", size: text.length }};
}};

function ask(request) {{
  return new Promise((resolve, reject) => {{
    const socket = net.connect(Number(process.env.PORT), process.env.ENDPOINT, () => socket.write(request));
    let answer = "";
    socket.on("data", (data) => {{
      answer += data;
      if (/(END|STORED)\\r\\n$/.test(answer)) {{
        socket.end();
        resolve(answer);
      }}
    }});
    socket.on("error", reject);
  }});
}}

function fetched() {{
  return new Promise((resolve, reject) => {{
    https.get("https://{ORIGIN}{PATH}", (response) => {{
      let text = "";
      response.on("data", (data) => (text += data)).on("end", () => resolve(text));
    }}).on("error", reject);
  }});
}}
"""


def calls_of_origin(lab: Lab) -> int:
    return sum(lab.origin_calls().values())


def test_stack_misses_and_hits_by_packets_and_leaves_nothing(own_lab: Lab) -> None:
    target = lab_target(own_lab.endpoint, {})
    stacks, functions = Stacks(target.client("cloudformation")), target.client("lambda")
    name = f"s{secrets.token_hex(4)}"
    runtime = f"nodejs{NODE.major if NODE else 22}.x"
    body = template(runtime, {"ZipFile": HANDLER})
    stacks.client.create_stack(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES)
    stack = stacks.wait(name, "CREATE_COMPLETE")["StackId"]
    ids = stacks.ids(stack)

    def invoke() -> dict[str, Any]:
        answer = functions.invoke(FunctionName=ids["Function"], Qualifier="live")
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return dict(json.loads(payload))

    before = calls_of_origin(own_lab)
    assert invoke()["from"] == "origin"
    assert calls_of_origin(own_lab) == before + 1
    with own_lab.faulted("origin", ORIGIN, mode="down"):
        assert [invoke()["from"] for _ in range(3)] == ["cache"] * 3
    assert calls_of_origin(own_lab) == before + 1
    assert own_lab.differences() == []

    stacks.delete(stack)
    ec2 = target.client("ec2")
    assert ids["VPC"] not in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    addresses = [each["PublicIp"] for each in ec2.describe_addresses()["Addresses"]]
    assert not {ids["AddressA"], ids["AddressB"]} & set(addresses)
    assert ids["Function"] not in [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    assert own_lab.differences() == []
