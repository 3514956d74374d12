import json
import re
import xml.etree.ElementTree as ET
from collections import Counter

from tests.support.paths import ROOT
from vpcache.diagram.drawing.svg import svg
from vpcache.diagram.picture import picture


def test_second_plan_is_empty(stack):
    plan = stack.plan()
    assert plan.is_empty, plan.text


def test_state_bucket_is_private_versioned_and_encrypted(stack, target):
    s3 = target.client("s3", s3={"addressing_style": "path"})
    bucket = stack.state.bucket
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def _structure(document: str) -> Counter[tuple[str, str | None, str]]:
    """Return how often an SVG document has each shape and text, by tag, class and text."""
    shapes = [each for each in ET.fromstring(document).iter() if each.get("class")]
    return Counter((each.tag, each.get("class"), "".join(each.itertext())) for each in shapes)


def test_readme_diagram_shows_this_stack(stack, outputs):
    """The committed diagram has another name and other addresses, which differ in every run."""
    addresses = {
        address: f"203.0.113.{10 + n}" for n, (_, address) in enumerate(sorted(outputs["egress_ips"].items()))
    }
    text = json.dumps(stack.show_json()).replace(stack.name, "vpcache-dev")
    text = re.sub("|".join(map(re.escape, addresses)), lambda match: addresses[match[0]], text)
    committed = (ROOT / "docs/dev.svg").read_text()
    assert _structure(svg(picture(json.loads(text)))) == _structure(committed), (
        "run `./inv apply --env dev` and `./inv diagram --env dev --svg docs/dev.svg`"
    )
