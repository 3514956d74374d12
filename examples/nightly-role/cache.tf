locals {
  elasticache = "arn:${local.partition}:elasticache:${var.region}:${local.account}"

  cache = [
    {
      Sid    = "ManageCaches"
      Effect = "Allow"
      Action = [
        "elasticache:AddTagsToResource",
        "elasticache:CreateCacheCluster",
        "elasticache:CreateCacheParameterGroup",
        "elasticache:CreateCacheSubnetGroup",
        "elasticache:DeleteCacheCluster",
        "elasticache:DeleteCacheParameterGroup",
        "elasticache:DeleteCacheSubnetGroup",
        "elasticache:DescribeCacheParameters",
        "elasticache:ListTagsForResource",
        "elasticache:ModifyCacheCluster",
        "elasticache:ModifyCacheParameterGroup",
        "elasticache:ModifyCacheSubnetGroup", # unused in a night: an added or removed zone
        "elasticache:RebootCacheCluster",
        "elasticache:RemoveTagsFromResource",
        "elasticache:ResetCacheParameterGroup",
      ]
      Resource = [for type in ["cluster", "parametergroup", "subnetgroup"] : "${local.elasticache}:${type}:${var.prefix}*"]
    },
    {
      Sid    = "DescribeCaches"
      Effect = "Allow"
      Action = [
        "elasticache:DescribeCacheClusters",
        "elasticache:DescribeCacheParameterGroups",
        "elasticache:DescribeCacheSubnetGroups",
        "elasticache:DescribeServerlessCaches", # of leftovers
      ]
      Resource = ["${local.elasticache}:*"]
    },
    {
      # The first cluster of an account creates this role, with which ElastiCache manages network interfaces.
      Sid       = "ElastiCacheServiceLinkedRole"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/elasticache.amazonaws.com/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = "elasticache.amazonaws.com" } }
    },
  ]
}
