resource "aws_apigatewayv2_api" "this" {
  count = var.http_api == null ? 0 : 1

  name          = var.name
  description   = "Invokes the function ${var.name}"
  protocol_type = "HTTP"
  tags          = var.tags

  dynamic "cors_configuration" {
    for_each = var.http_api.cors == null ? [] : [var.http_api.cors]

    content {
      allow_credentials = cors_configuration.value.allow_credentials
      allow_headers     = cors_configuration.value.allow_headers
      allow_methods     = cors_configuration.value.allow_methods
      allow_origins     = cors_configuration.value.allow_origins
      expose_headers    = cors_configuration.value.expose_headers
      max_age           = cors_configuration.value.max_age_seconds
    }
  }
}

resource "aws_apigatewayv2_integration" "this" {
  count = var.http_api == null ? 0 : 1

  api_id                 = aws_apigatewayv2_api.this[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = local.target_invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:the caller chooses the authorization with http_api.routes

  for_each = var.http_api == null ? {} : var.http_api.routes

  api_id             = aws_apigatewayv2_api.this[0].id
  route_key          = each.key
  authorization_type = each.value
  target             = "integrations/${aws_apigatewayv2_integration.this[0].id}"
}

resource "aws_apigatewayv2_stage" "this" {
  count = var.http_api == null ? 0 : 1

  api_id      = aws_apigatewayv2_api.this[0].id
  name        = "$default"
  auto_deploy = true
  tags        = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.http_api[0].arn
    format          = jsonencode({ for name in local.access_log_fields : name => "$context.${name}" })
  }

  dynamic "default_route_settings" {
    for_each = var.http_api.throttling == null ? [] : [var.http_api.throttling]

    content {
      throttling_rate_limit  = default_route_settings.value.rate
      throttling_burst_limit = default_route_settings.value.burst
    }
  }

  # the endpoint is known once clients may use it
  depends_on = [aws_apigatewayv2_route.this, aws_lambda_permission.this]
}

resource "aws_cloudwatch_log_group" "http_api" {
  #checkov:skip=CKV_AWS_158:without kms_keys CloudWatch Logs encrypts at rest with its own keys
  #checkov:skip=CKV_AWS_338:the caller sets the retention with log_retention_days

  count = var.http_api == null ? 0 : 1

  # log groups below /aws/vendedlogs/ share one statement of the resource policy, whose size is limited
  name              = "/aws/vendedlogs/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_keys.logs
  tags              = var.tags
}
