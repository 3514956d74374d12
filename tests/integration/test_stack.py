def test_second_plan_is_empty(stack):
    plan = stack.plan()
    assert plan.is_empty, plan.text


def test_state_bucket_is_private_versioned_and_encrypted(stack, target):
    s3 = target.client("s3", s3={"addressing_style": "path"})
    bucket = stack.state.bucket
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
