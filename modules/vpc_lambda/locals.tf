locals {
  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  lambda_metric = { namespace = "AWS/Lambda", dimensions = { FunctionName = aws_lambda_function.this.function_name } }
  lambda_metrics = var.alarms == null ? {} : {
    Duration  = { statistic = "p99", threshold = var.timeout * 10 * var.alarms.timeout_percent, description = "is close to its timeout" }
    Errors    = { statistic = "Sum", threshold = var.alarms.errors, description = "returns errors" }
    Throttles = { statistic = "Sum", threshold = 0, description = "is throttled" }
  }
  own_metrics = { for label, metric in var.metrics : label => merge(metric, { name = coalesce(metric.name, label) }) }

  alarms = merge(
    { for name, metric in local.lambda_metrics : name => merge(metric, local.lambda_metric, { name = name }) },
    { for label, metric in local.own_metrics : label => metric if var.alarms != null && metric.threshold != null },
  )

  # the metrics of each graph of the dashboard, by title
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
  function_dimension = ["FunctionName", aws_lambda_function.this.function_name]
  graphs = merge(
    {
      "Invocations, errors, throttles" = [for name in ["Invocations", "Errors", "Throttles"] :
        concat(["AWS/Lambda", name], local.function_dimension, [{ stat = "Sum" }])
      ]
      "Duration (ms)" = [for statistic in ["p50", "p99"] : concat(["AWS/Lambda", "Duration"], local.function_dimension, [{ stat = statistic }])]
    },
    { for api in aws_apigatewayv2_api.this : "Requests and errors of the HTTP API" => [
      for name in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", name, "ApiId", api.id, { stat = "Sum" }]
    ] },
    { for label, metric in local.own_metrics : label => [
      concat([metric.namespace, metric.name], flatten([for name, value in metric.dimensions : [name, value]]), [{ stat = metric.statistic }])
    ] },
  )

  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
  access_log_fields = [
    "error.message", "httpMethod", "identity.sourceIp", "integrationErrorMessage", "path", "protocol", "requestId", "requestTime",
    "responseLatency", "responseLength", "routeKey", "status",
  ]

  is_image = var.bundle.image_uri != null

  # The function is created after its role, so its ARN is built from the parts of its log group's. A data source would not do:
  # with a depends_on on the module, Terraform reads it during the apply, and the plan shows changes of the policy.
  log_group = provider::aws::arn_parse(aws_cloudwatch_log_group.this.arn)
  function_arn = provider::aws::arn_build(
    local.log_group.partition, "lambda", local.log_group.region, local.log_group.account_id, "function:${var.name}",
  )

  network_interface_actions = [for action in [
    "AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets",
    "UnassignPrivateIpAddresses",
  ] : "ec2:${action}"]

  statements = concat(
    [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
      { Sid = "NetworkInterfaces", Effect = "Allow", Action = local.network_interface_actions, Resource = ["*"] },
    ],
    var.tracing ? [{ Sid = "Tracing", Effect = "Allow", Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], Resource = ["*"] }] : [],
    var.dead_letters == null ? [] : [{
      Sid      = "DeadLetters"
      Effect   = "Allow"
      Action   = [strcontains(var.dead_letters.target_arn, ":sqs:") ? "sqs:SendMessage" : "sns:Publish"]
      Resource = [var.dead_letters.target_arn]
    }],
    [for key in compact([try(var.dead_letters.kms_key_arn, null)]) :
      { Sid = "DeadLettersKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [key] }
    ],
    length(var.event_sources) == 0 ? [] : [{
      Sid      = "EventSources"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = values(var.event_sources)[*].queue_arn
    }],
    var.file_system == null ? [] : [{
      Sid       = "FileSystem"
      Effect    = "Allow"
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = ["*"] # the ARN of the access point does not have that of its file system
      Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = var.file_system.access_point_arn } }
    }],
    length(local.decryption_keys) == 0 ? [] : [
      { Sid = "Decryption", Effect = "Allow", Action = ["kms:Decrypt"], Resource = local.decryption_keys }
    ],
    [for label, statement in var.policy_statements : { for key, value in {
      Sid       = label
      Effect    = "Allow"
      Action    = statement.actions
      Resource  = statement.resources
      Condition = length(statement.conditions) > 0 ? statement.conditions : null
    } : key => value if value != null }],
  )

  # of the environment variables and of queues whose messages are encrypted
  decryption_keys = distinct(compact(concat([var.kms_keys.environment], values(var.event_sources)[*].kms_key_arn)))

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.statements, [
      # Lambda needs these actions on all resources; the function's code does not
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      {
        Sid       = "NotFromTheCode"
        Effect    = "Deny"
        Action    = local.network_interface_actions
        Resource  = ["*"]
        Condition = { ArnLike = { "lambda:SourceFunctionArn" = [local.function_arn, "${local.function_arn}:*"] } }
      },
    ])
  })

  role_arn = var.role.existing == null ? one(aws_iam_role.this[*].arn) : var.role.existing.arn

  # what triggers invoke: the alias, or the function if there is none
  qualifier         = one(aws_lambda_alias.this[*].name)
  target_arn        = coalesce(one(aws_lambda_alias.this[*].arn), aws_lambda_function.this.arn)
  target_invoke_arn = coalesce(one(aws_lambda_alias.this[*].invoke_arn), aws_lambda_function.this.invoke_arn)

  # Since October 2025 a URL requires both actions: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
  # The condition lambda:InvokedViaFunctionUrl would restrict the second one to the URL; the provider supports it from 6.29 on, as
  # invoked_via_function_url. https://github.com/hashicorp/terraform-provider-aws/issues/44829
  url_actions = {
    # the statement that the provider would add to a public URL
    (try(var.function_url.auth, "") == "NONE" ? "FunctionURLAllowPublicAccess" : "FunctionURLAllowAccess") = "lambda:InvokeFunctionUrl"

    FunctionURLAllowInvokeAction = "lambda:InvokeFunction"
  }
  url_callers = var.function_url == null ? {} : var.function_url.auth == "NONE" ? { "" = "*" } : {
    for label, principal in var.function_url.callers : "-${label}" => principal
  }

  permissions = merge(
    { for pair in setproduct(keys(local.url_actions), keys(local.url_callers)) : join("", pair) => {
      action    = local.url_actions[pair[0]]
      principal = local.url_callers[pair[1]]
      auth      = local.url_actions[pair[0]] == "lambda:InvokeFunctionUrl" ? var.function_url.auth : null
    } },
    { for label, rule in aws_cloudwatch_event_rule.this : "Schedule-${label}" => { principal = "events.amazonaws.com", source_arn = rule.arn } },
    { for api in aws_apigatewayv2_api.this : "HttpApi" => { principal = "apigateway.amazonaws.com", source_arn = "${api.execution_arn}/*/*" } },
    { for label, permission in var.permissions : "Service-${label}" => {
      principal      = permission.service
      source_arn     = permission.source_arn
      source_account = permission.source_account
    } },
  )
}
