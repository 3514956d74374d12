"""The state bucket, on moto's S3."""

import json

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from vpcache.errors import VpcacheError
from vpcache.stack.state import ensure_bucket, other_regions, require_tls, s3_client, state_location
from vpcache.stack.target import aws_target

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def target(endpoint):
    """A function that returns AWS as target in a region, at moto's endpoint."""

    def of(region):
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return aws_target({"AWS_ENDPOINT_URL": endpoint, **keys}, region=region)

    return of


def settings(s3, bucket):
    return {
        "versioning": s3.get_bucket_versioning(Bucket=bucket).get("Status"),
        "public": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
        "encryption": s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
    }


def assert_complete(current):
    assert current["versioning"] == "Enabled"
    assert set(current["public"].values()) == {True}
    assert len(current["public"]) == 4
    assert current["ownership"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert current["encryption"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert current["lifecycle"][0]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_bucket_is_created_with_all_settings(target, region):
    place = target(region)
    location = state_location(place, ACCOUNT, "one")
    ensure_bucket(place, location)
    s3 = s3_client(place)
    assert s3.head_bucket(Bucket=location.bucket)["BucketRegion"] == region
    assert_complete(settings(s3, location.bucket))


def test_incomplete_bucket_is_completed(target):
    place = target("eu-west-2")
    location = state_location(place, ACCOUNT, "one")
    s3 = s3_client(place)
    s3.create_bucket(Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    ensure_bucket(place, location)
    assert_complete(settings(s3, location.bucket))


def test_user_settings_of_the_bucket_are_kept(target):
    place = target("eu-west-3")
    location = state_location(place, ACCOUNT, "one")
    ensure_bucket(place, location)
    s3 = s3_client(place)
    rule = {"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 4000}}
    s3.put_bucket_lifecycle_configuration(Bucket=location.bucket, LifecycleConfiguration={"Rules": [rule]})
    ensure_bucket(place, location)
    assert [rule["ID"] for rule in settings(s3, location.bucket)["lifecycle"]] == ["mine"]


def test_bucket_without_permission_is_reported(target):
    place = target("eu-north-1")
    location = state_location(place, ACCOUNT, "one")
    with Stubber(s3_client(place)) as answers:
        answers.add_client_error("head_bucket", "403", http_status_code=403)
        with pytest.raises(VpcacheError, match=f"{location.bucket} belongs to another account, or"):
            ensure_bucket(place, location)


def test_bucket_policy_requires_tls(target):
    place = target("eu-north-1")
    location = state_location(place, ACCOUNT, "one")
    owned = {"Bucket": location.bucket, "ExpectedBucketOwner": ACCOUNT}
    arn = f"arn:aws:s3:::{location.bucket}"
    statement = {
        "Sid": "RequireTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3 = boto3.client("s3", region_name="eu-north-1", aws_access_key_id="k", aws_secret_access_key="s")
    with Stubber(s3) as answers:
        answers.add_client_error("get_bucket_policy", "NoSuchBucketPolicy", expected_params=owned)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        answers.add_response("put_bucket_policy", {}, {**owned, "Policy": policy})
        require_tls(s3, location)
        answers.assert_no_pending_responses()


def test_stack_in_another_region_is_found(target):
    for region in ("ap-south-1", "ap-south-2"):
        place = target(region)
        ensure_bucket(place, state_location(place, ACCOUNT, "twin"))
    place = target("ap-south-2")
    location = state_location(place, ACCOUNT, "twin")
    assert other_regions(target("ap-south-1"), ACCOUNT, "twin") == []
    s3_client(place).put_object(**location.request(), Body=b"{}")
    assert other_regions(target("ap-south-1"), ACCOUNT, "twin") == ["ap-south-2"]
    assert other_regions(place, ACCOUNT, "twin") == []
    assert other_regions(target("ap-south-1"), ACCOUNT, "other") == []


def test_every_request_names_the_expected_owner():
    place = aws_target({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, region="eu-west-1")
    location = state_location(place, ACCOUNT, "one")
    assert location.request() == {
        "Bucket": "vpcache-state-123456789012-eu-west-1",
        "Key": "one/terraform.tfstate",
        "ExpectedBucketOwner": ACCOUNT,
    }
    assert location.backend_config()["allowed_account_ids"] == '["123456789012"]'
