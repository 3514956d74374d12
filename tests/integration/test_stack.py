import json
import re

from tests.support.paths import ROOT
from vpcache.diagram.drawing.svg import svg
from vpcache.diagram.layout import drawing
from vpcache.diagram.parser import picture


def test_second_plan_is_empty(stack):
    plan = stack.plan()
    assert plan.is_empty, plan.text


def test_state_bucket_is_private_versioned_and_encrypted(stack, target):
    s3 = target.client("s3", s3={"addressing_style": "path"})
    bucket = stack.state.bucket
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def test_the_picture_in_the_readme_is_of_this_stack(stack, outputs):
    """As it is but for its name and its addresses, which every run gets anew."""
    addresses = {
        address: f"203.0.113.{10 + n}" for n, (_, address) in enumerate(sorted(outputs["egress_ips"].items()))
    }
    text = json.dumps(stack.show_json()).replace(stack.name, "vpcache-dev")
    text = re.sub("|".join(map(re.escape, addresses)), lambda match: addresses[match[0]], text)
    committed = (ROOT / "docs/dev.svg").read_text()
    assert svg(drawing(picture(json.loads(text)))) == committed, (
        "type `./inv apply --env dev` and `./inv diagram --env dev --svg docs/dev.svg`"
    )
