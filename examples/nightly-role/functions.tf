locals {
  functions = [
    {
      Sid    = "FunctionsByName"
      Effect = "Allow"
      Action = [
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionUrlConfig",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionUrlConfig",
        "lambda:GetPolicy",
        "lambda:InvokeFunction",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
        "lambda:RemovePermission",
        "lambda:TagResource",
      ]
      Resource = ["arn:aws:lambda:${var.region}:${local.account}:function:${var.prefix}*"]
    },
    {
      Sid    = "LogsByName"
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
      ]
      Resource = [for owner in ["lambda", "vpc"] : "arn:aws:logs:${var.region}:${local.account}:log-group:/aws/${owner}/${var.prefix}*"]
    },
    {
      Sid    = "RolesByName"
      Effect = "Allow"
      Action = [
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:PutRolePolicy",
        "iam:TagRole",
      ]
      Resource = ["arn:aws:iam::${local.account}:role/${var.prefix}*"]
    },
    {
      Sid       = "HandRolesOver"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["arn:aws:iam::${local.account}:role/${var.prefix}*"]
      Condition = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid    = "AlarmsByName"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:ListTagsForResource",
        "sns:TagResource",
      ]
      Resource = [
        "arn:aws:cloudwatch:${var.region}:${local.account}:alarm:${var.prefix}*",
        "arn:aws:sns:${var.region}:${local.account}:${var.prefix}*",
      ]
    },
    {
      # lists, which no name limits
      Sid       = "LookForLeftovers"
      Effect    = "Allow"
      Action    = ["cloudwatch:DescribeAlarms", "lambda:ListFunctions", "logs:DescribeLogGroups", "sns:ListTopics"]
      Resource  = ["*"]
      Condition = local.here
    },
    {
      # IAM has no region
      Sid      = "LookForRoles"
      Effect   = "Allow"
      Action   = ["iam:ListRoles"]
      Resource = ["*"]
    },
  ]
}
