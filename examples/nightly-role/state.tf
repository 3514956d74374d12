locals {
  bucket = "arn:aws:s3:::vpcache-state-${local.account}-${var.region}"

  state = [
    {
      Sid    = "Bucket"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:ListBucket",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
      ]
      Resource = [local.bucket]
    },
    {
      Sid      = "StatesByName"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = ["${local.bucket}/${var.prefix}*"]
    },
  ]
}
