locals {
  bucket = "arn:${local.partition}:s3:::vpcache-state-${local.account}-${var.region}"

  state = [
    {
      Sid    = "Bucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = [local.bucket]
    },
    {
      # where else a stack of the same name may be; the names of buckets alone
      Sid      = "LookForBuckets"
      Effect   = "Allow"
      Action   = ["s3:ListAllMyBuckets"]
      Resource = ["*"]
    },
    {
      Sid      = "StatesByName"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = ["${local.bucket}/${var.prefix}*"]
    },
  ]
}
