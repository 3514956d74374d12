resource "aws_lambda_permission" "this" {
  for_each = local.permissions

  statement_id           = each.key
  action                 = try(each.value.action, "lambda:InvokeFunction")
  function_name          = aws_lambda_function.this.function_name
  qualifier              = local.qualifier
  principal              = each.value.principal
  source_arn             = try(each.value.source_arn, null)
  source_account         = try(each.value.source_account, null)
  function_url_auth_type = try(each.value.auth, null)
}

resource "aws_lambda_function_url" "this" {
  #checkov:skip=CKV_AWS_258:the caller chooses the authorization with function_url.auth

  count = var.function_url == null ? 0 : 1

  function_name      = aws_lambda_function.this.function_name
  qualifier          = local.qualifier
  authorization_type = var.function_url.auth

  dynamic "cors" {
    for_each = var.function_url.cors == null ? [] : [var.function_url.cors]

    content {
      allow_credentials = cors.value.allow_credentials
      allow_headers     = cors.value.allow_headers
      allow_methods     = cors.value.allow_methods
      allow_origins     = cors.value.allow_origins
      expose_headers    = cors.value.expose_headers
      max_age           = cors.value.max_age_seconds
    }
  }

  # Callers may use the URL as soon as it exists. Without the permissions the provider would add one to a public URL and not delete it.
  depends_on = [aws_lambda_permission.this]
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.schedules

  name                = "${var.name}-${each.key}"
  description         = "Invokes the function ${var.name}"
  schedule_expression = each.value.expression
  state               = each.value.enabled ? "ENABLED" : "DISABLED"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = var.schedules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "function"
  arn       = local.target_arn
  input     = each.value.input

  depends_on = [aws_lambda_permission.this]
}

# Lambda polls the queues with the permissions of the execution role.
resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.event_sources

  function_name                      = local.target_arn
  event_source_arn                   = each.value.queue_arn
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.batching_window_seconds
  function_response_types            = each.value.partial_failures ? ["ReportBatchItemFailures"] : []
  tags                               = var.tags

  dynamic "scaling_config" {
    for_each = each.value.maximum_concurrency == null ? [] : [each.value.maximum_concurrency]
    content { maximum_concurrency = scaling_config.value }
  }

  dynamic "filter_criteria" {
    for_each = length(each.value.filters) > 0 ? [each.value.filters] : []

    content {
      dynamic "filter" {
        for_each = filter_criteria.value
        content { pattern = filter.value }
      }
    }
  }
}
