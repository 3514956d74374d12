locals {
  functions = [
    {
      Sid    = "ManageFunctions"
      Effect = "Allow"
      Action = [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency", # unused in a night: the option reserved_concurrency of modules/vpc_lambda
        "lambda:DeleteFunctionUrlConfig",
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionUrlConfig",
        "lambda:GetPolicy",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:PutFunctionConcurrency", # unused in a night: the option reserved_concurrency
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionUrlConfig", # unused in a night: a changed function URL
      ]
      Resource = ["arn:${local.partition}:lambda:${var.region}:${local.account}:function:${var.prefix}*"]
    },
    {
      Sid    = "ManageLogGroups"
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DeleteRetentionPolicy", # unused in a night: log_retention_days = 0
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
      ]
      Resource = [
        for service in ["lambda", "vpc"] :
        "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/${service}/${var.prefix}*"
      ]
    },
    {
      Sid    = "ManageRoles"
      Effect = "Allow"
      Action = [
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy", # unused in a night: a sweep of a role with a managed policy
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy", # unused in a night: a changed trust policy
        "iam:UpdateRole",             # unused in a night: a changed description
      ]
      Resource = ["arn:${local.partition}:iam::${local.account}:role/${var.prefix}*"]
    },
    {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["arn:${local.partition}:iam::${local.account}:role/${var.prefix}*"]
      Condition = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid    = "ManageAlarms"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListTagsForResource",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
        "sns:TagResource",
        "sns:UntagResource",
      ]
      Resource = [
        "arn:${local.partition}:cloudwatch:${var.region}:${local.account}:alarm:${var.prefix}*",
        "arn:${local.partition}:sns:${var.region}:${local.account}:${var.prefix}*",
      ]
    },
    {
      # of leftovers: HTTP APIs that have the stack's tag or name
      Sid      = "ListHttpApis"
      Effect   = "Allow"
      Action   = ["apigateway:GET"]
      Resource = ["arn:${local.partition}:apigateway:${var.region}::/apis"]
    },
    {
      # lists and quotas, which cannot be limited by name
      Sid    = "ReadAccount"
      Effect = "Allow"
      Action = [
        "cloudwatch:DescribeAlarms",
        "events:ListRules",
        "lambda:GetAccountSettings",
        "lambda:ListFunctions",
        "logs:DescribeLogGroups",
        "servicequotas:GetServiceQuota",
        "sns:GetSubscriptionAttributes",
        "sns:ListTopics",
      ]
      Resource  = ["*"]
      Condition = local.in_region
    },
    {
      # SNS supports no resource for this action: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
      Sid       = "Unsubscribe"
      Effect    = "Allow"
      Action    = ["sns:Unsubscribe"]
      Resource  = ["*"]
      Condition = local.in_region
    },
    {
      # IAM is global
      Sid      = "ListRoles"
      Effect   = "Allow"
      Action   = ["iam:ListRoles"]
      Resource = ["*"]
    },
  ]
}
