locals {
  elasticache = "arn:${local.partition}:elasticache:${var.region}:${local.account}"

  cache = [
    {
      Sid    = "CachesByName"
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
        "elasticache:ModifyCacheSubnetGroup",
        "elasticache:RebootCacheCluster",
        "elasticache:RemoveTagsFromResource",
        "elasticache:ResetCacheParameterGroup",
      ]
      Resource = [for kind in ["cluster", "parametergroup", "subnetgroup"] : "${local.elasticache}:${kind}:${var.prefix}*"]
    },
    {
      Sid    = "LookAtCaches"
      Effect = "Allow"
      Action = [
        "elasticache:DescribeCacheClusters",
        "elasticache:DescribeCacheParameterGroups",
        "elasticache:DescribeCacheSubnetGroups",
      ]
      Resource = ["${local.elasticache}:*"]
    },
    {
      # the first cluster of an account makes it; with it ElastiCache makes its network interfaces
      Sid       = "RoleOfElastiCache"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/elasticache.amazonaws.com/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = "elasticache.amazonaws.com" } }
    },
  ]
}
