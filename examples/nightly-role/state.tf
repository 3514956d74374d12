locals {
  bucket = "arn:${local.partition}:s3:::vpcache-state-${local.account}-${var.region}"

  state = [
    {
      Sid    = "ManageStateBucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy", # unused in a night: on AWS only, where the bucket requires TLS
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        "s3:ListBucketVersions",         # unused in a night: the states before an interrupted run
        "s3:PutBucketOwnershipControls", # unused in a night: a bucket whose default setting was removed
        "s3:PutBucketPolicy",            # unused in a night: on AWS only, where the bucket requires TLS
        "s3:PutBucketPublicAccessBlock", # unused in a night: a bucket whose default setting was removed
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration", # unused in a night: a bucket whose default setting was removed
        "s3:PutLifecycleConfiguration",
      ]
      Resource = [local.bucket]
    },
    {
      # bucket names only, to find a stack of the same name in other regions
      Sid      = "ListBuckets"
      Effect   = "Allow"
      Action   = ["s3:ListAllMyBuckets"]
      Resource = ["*"]
    },
    {
      Sid    = "ManageStates"
      Effect = "Allow"
      Action = [
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectVersion", # unused in a night: the states before an interrupted run
        "s3:PutObject",
      ]
      Resource = ["${local.bucket}/${var.prefix}*"]
    },
  ]
}
