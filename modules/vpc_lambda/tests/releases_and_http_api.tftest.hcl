mock_provider "aws" {
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3", id = "a1b2c3" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/shop-api" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-api" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = {
      arn        = "arn:aws:lambda:us-east-1:123456789012:function:shop-api:live"
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/alias/invocations"
    }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-api", version = "4" }
  }
}

variables {
  name    = "shop-api"
  bundle  = { path = "shop.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  vpc_id  = "vpc-1"
  subnets = { us-east-1a = "subnet-a" }
}

run "http_api_invokes_the_alias_with_its_permission_and_access_log" {
  variables {
    alias              = "live"
    kms_keys           = { logs = "arn:aws:kms:us-east-1:123456789012:key/logs" }
    log_retention_days = 30

    http_api = {
      routes     = { "GET /prices/{id}" = "AWS_IAM", "$default" = "NONE" }
      throttling = { rate = 50, burst = 100 }
      cors       = { allow_origins = ["https://www.example.com"], allow_methods = ["GET", "OPTIONS"] }
    }
  }

  assert {
    condition = [aws_apigatewayv2_integration.this[0].integration_uri, aws_apigatewayv2_integration.this[0].payload_format_version] == [
      aws_lambda_alias.this[0].invoke_arn, "2.0",
    ]
    error_message = "the API invokes the function instead of its alias"
  }

  assert {
    condition = jsonencode({ for key, route in aws_apigatewayv2_route.this : key => [
      route.route_key, route.authorization_type, route.target == "integrations/${aws_apigatewayv2_integration.this[0].id}",
      ] }) == jsonencode({
      "$default"         = ["$default", "NONE", true]
      "GET /prices/{id}" = ["GET /prices/{id}", "AWS_IAM", true]
    })
    error_message = "a route has another key, authorization or integration"
  }

  assert {
    condition = jsonencode([
      for permission in [aws_lambda_permission.this["HttpApi"]] :
      [permission.action, permission.principal, permission.source_arn, permission.qualifier]
      ]) == jsonencode([[
        "lambda:InvokeFunction", "apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/*/*", "live",
    ]])
    error_message = "the API may not invoke the alias, or others may"
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this[0].name == "$default" &&
      aws_apigatewayv2_stage.this[0].default_route_settings[0].throttling_rate_limit == 50 &&
      aws_apigatewayv2_stage.this[0].default_route_settings[0].throttling_burst_limit == 100 &&
      aws_apigatewayv2_stage.this[0].access_log_settings[0].destination_arn == aws_cloudwatch_log_group.http_api[0].arn &&
      jsondecode(aws_apigatewayv2_stage.this[0].access_log_settings[0].format).routeKey == "$context.routeKey"
    )
    error_message = "the stage lacks its limits or its access log"
  }

  assert {
    condition = [
      aws_cloudwatch_log_group.http_api[0].name, aws_cloudwatch_log_group.http_api[0].retention_in_days,
      aws_cloudwatch_log_group.http_api[0].kms_key_id,
    ] == ["/aws/vendedlogs/apigateway/shop-api", 30, var.kms_keys.logs]
    error_message = "the access log has another name, retention or key"
  }

  assert {
    condition     = aws_apigatewayv2_api.this[0].cors_configuration[0].allow_origins == toset(["https://www.example.com"])
    error_message = "the API lacks its CORS configuration"
  }

  assert {
    condition     = [output.http_api_endpoint, output.http_api_id] == [aws_apigatewayv2_stage.this[0].invoke_url, "a1b2c3"]
    error_message = "an output of the API has another value"
  }
}

run "metrics_have_alarms_and_graphs_and_an_api_without_limits" {
  state_key = "metrics"

  variables {
    dashboard = true
    alarms    = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
    http_api  = {}

    metrics = {
      CacheError    = { namespace = "shop", dimensions = { service = "shop-api" }, threshold = 0, description = "cannot use the cache" }
      OriginLatency = { namespace = "shop", statistic = "p99.9", threshold = 4000 }
      Served        = { namespace = "shop", name = "Stale" }
    }
  }

  assert {
    condition = jsonencode({ for label, alarm in aws_cloudwatch_metric_alarm.this : label => [
      alarm.alarm_name, alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.statistic, alarm.extended_statistic, alarm.threshold,
      ] if !contains(["Duration", "Throttles"], label) }) == jsonencode({
      CacheError    = ["shop-api-CacheError", "shop", "CacheError", { service = "shop-api" }, "Sum", null, 0]
      Errors        = ["shop-api-Errors", "AWS/Lambda", "Errors", { FunctionName = "shop-api" }, "Sum", null, 0]
      OriginLatency = ["shop-api-OriginLatency", "shop", "OriginLatency", {}, null, "p99.9", 4000]
    })
    error_message = "a metric with a threshold lacks its alarm, or one without has an alarm"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["CacheError"].alarm_description == "The function shop-api cannot use the cache"
    error_message = "the alarm has another description"
  }

  assert {
    condition = jsonencode({ for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets :
      widget.properties.title => widget.properties.metrics
      }) == jsonencode({
      "CacheError"    = [["shop", "CacheError", "service", "shop-api", { stat = "Sum" }]]
      "Duration (ms)" = [for stat in ["p50", "p99"] : ["AWS/Lambda", "Duration", "FunctionName", "shop-api", { stat = stat }]]
      "Invocations, errors, throttles" = [
        for name in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", name, "FunctionName", "shop-api", { stat = "Sum" }]
      ]
      "OriginLatency" = [["shop", "OriginLatency", { stat = "p99.9" }]]
      "Requests and errors of the HTTP API" = [
        for name in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", name, "ApiId", "a1b2c3", { stat = "Sum" }]
      ]
      "Served" = [["shop", "Stale", { stat = "Sum" }]]
    })
    error_message = "the dashboard has other graphs"
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.region == "us-east-1"])
    error_message = "a graph is of another region"
  }

  assert {
    condition = (
      length(aws_apigatewayv2_stage.this[0].default_route_settings) == 0 && length(aws_apigatewayv2_api.this[0].cors_configuration) == 0 &&
      { for key, route in aws_apigatewayv2_route.this : key => route.authorization_type } == { "$default" = "AWS_IAM" } &&
      aws_apigatewayv2_integration.this[0].integration_uri == aws_lambda_function.this.invoke_arn
    )
    error_message = "an API without options is public, has CORS or limits, or does not invoke the function"
  }
}

run "newest_version_gets_the_canary_weight" {
  state_key = "releases"

  variables {
    alias   = "live"
    release = { stable_version = "3", canary_weight = 0.1, snap_start = true }
    runtime = "java21"
  }

  assert {
    condition = (
      aws_lambda_alias.this[0].function_version == "3" &&
      aws_lambda_alias.this[0].routing_config[0].additional_version_weights == tomap({ "4" = 0.1 })
    )
    error_message = "the alias has other versions or weights"
  }

  assert {
    condition     = aws_lambda_function.this.snap_start[0].apply_on == "PublishedVersions" && aws_lambda_function.this.runtime == "java21"
    error_message = "the function lacks SnapStart"
  }
}

run "canary_of_the_stable_version_is_rejected" {
  command   = plan
  state_key = "releases"

  variables {
    alias   = "live"
    release = { stable_version = "4", canary_weight = 0.1 }
  }

  expect_failures = [aws_lambda_alias.this]
}

run "image_with_a_file_system_ipv6_and_warm_processes_is_accepted" {
  state_key = "image"

  variables {
    alias                = "live"
    bundle               = { image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:7" }
    file_system          = { access_point_arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1", mount_path = "/mnt/data" }
    ipv6                 = true
    release              = { provisioned_concurrency = 5 }
    reserved_concurrency = 5

    egress_rules = {
      files = { port = 2049, security_group_id = "sg-files" }
      https = { port = 443, cidr_ipv6 = "::/0" }
    }
  }

  assert {
    condition = jsonencode([for function in [aws_lambda_function.this] : [
      function.package_type, function.image_uri, function.handler, function.runtime, function.filename, function.vpc_config[0].ipv6_allowed_for_dual_stack,
      ]]) == jsonencode([[
      "Image", var.bundle.image_uri, null, null, null, true,
    ]])
    error_message = "the function is not that of the image, or has no IPv6"
  }

  assert {
    condition = (
      aws_lambda_function.this.file_system_config[0].arn == var.file_system.access_point_arn &&
      aws_lambda_function.this.file_system_config[0].local_mount_path == "/mnt/data"
    )
    error_message = "the function does not mount the access point"
  }

  assert {
    condition = [
      for statement in jsondecode(output.policy).Statement : statement.Condition if statement.Sid == "FileSystem"
    ] == [{ StringEquals = { "elasticfilesystem:AccessPointArn" = var.file_system.access_point_arn } }]
    error_message = "the role may not mount the access point, or may mount others"
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.this["https"].cidr_ipv6 == "::/0"
    error_message = "the function has no IPv6 egress"
  }

  assert {
    condition = (
      aws_lambda_provisioned_concurrency_config.this[0].qualifier == "live" &&
      aws_lambda_provisioned_concurrency_config.this[0].provisioned_concurrent_executions == 5
    )
    error_message = "the alias lacks its provisioned concurrency"
  }
}

# A validation that refers to an invalid variable is skipped, so each run has independent ones.
run "release_without_alias_and_values_of_another_kind_are_rejected" {
  command = plan

  variables {
    http_api = { routes = { "/prices" = "AWS_IAM" } }
    metrics  = { Errors = { namespace = "shop" } }
    release  = { snap_start = true }
  }

  expect_failures = [var.http_api, var.metrics, var.release]
}

run "rule_to_two_families_is_rejected" {
  command = plan

  variables {
    egress_rules = { both = { port = 443, cidr_ipv4 = "0.0.0.0/0", cidr_ipv6 = "::/0" } }
    ipv6         = true
  }

  expect_failures = [var.egress_rules]
}

run "image_with_the_arguments_of_a_zip_file_is_rejected" {
  command = plan

  variables {
    bundle      = { image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:0123" }
    file_system = { access_point_arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1", mount_path = "/mnt/data" }
    handler     = "handler.handler"
    http_api    = { routes = { "$default" = "JWT" } }
    layers      = ["arn:aws:lambda:us-east-1:123456789012:layer:tools:3"]
    metrics     = { CacheError = { namespace = "shop", statistic = "99" } }
    runtime     = "python3.13"
  }

  expect_failures = [var.file_system, var.handler, var.http_api, var.layers, var.metrics, var.runtime]
}

run "image_beside_a_zip_file_and_ipv6_rules_without_ipv6_are_rejected" {
  command = plan

  variables {
    bundle       = { path = "shop.zip", image_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:7" }
    egress_rules = { https = { port = 443, cidr_ipv6 = "::/0" } }
    http_api     = { throttling = { rate = 0, burst = 10 } }
    metrics      = { "cache errors" = { namespace = "shop" } }
  }

  expect_failures = [var.bundle, var.egress_rules, var.http_api, var.metrics]
}

run "image_of_another_registry_and_mount_outside_mnt_are_rejected" {
  command = plan

  variables {
    bundle       = { image_uri = "docker.io/library/shop:7" }
    egress_rules = { files = { port = 2049, security_group_id = "sg-files" } }
    file_system  = { access_point_arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1", mount_path = "/data" }
    http_api     = { cors = { allow_origins = ["*"], allow_credentials = true } }
  }

  expect_failures = [var.bundle, var.file_system, var.http_api]
}

run "signed_image_and_mount_without_access_point_are_rejected" {
  command = plan

  variables {
    egress_rules = { files = { port = 2049, security_group_id = "sg-files" } }
    file_system  = { access_point_arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1", mount_path = "/mnt/data" }
    http_api     = { routes = {} }

    bundle = {
      image_uri               = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:7"
      code_signing_config_arn = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-1"
    }
  }

  expect_failures = [var.bundle, var.file_system, var.http_api]
}

run "canary_with_warm_processes_is_rejected" {
  command = plan

  variables {
    alias    = "live"
    http_api = { throttling = { rate = 10, burst = 0 } }
    release  = { stable_version = "3", canary_weight = 0.5, provisioned_concurrency = 2 }
  }

  expect_failures = [var.http_api, var.release]
}

run "canary_without_a_stable_version_is_rejected" {
  command = plan

  variables {
    alias    = "live"
    http_api = { cors = { allow_origins = ["https://www.example.com/shop"] } }
    release  = { canary_weight = 0.5 }
  }

  expect_failures = [var.http_api, var.release]
}

run "unpublished_stable_version_is_rejected" {
  command = plan

  variables {
    alias   = "live"
    release = { stable_version = "$LATEST" }
  }

  expect_failures = [var.release]
}

run "more_warm_processes_than_the_reserved_concurrency_are_rejected" {
  command = plan

  variables {
    alias                = "live"
    release              = { provisioned_concurrency = 6 }
    reserved_concurrency = 5
  }

  expect_failures = [var.release]
}

run "snap_start_of_another_runtime_is_rejected" {
  command = plan

  variables {
    alias   = "live"
    release = { snap_start = true }
    runtime = "nodejs22.x"
  }

  expect_failures = [var.release]
}

run "snap_start_with_large_storage_is_rejected" {
  command = plan

  variables {
    alias                = "live"
    ephemeral_storage_mb = 1024
    release              = { snap_start = true }
  }

  expect_failures = [var.release]
}

run "snap_start_with_warm_processes_is_rejected" {
  command = plan

  variables {
    alias   = "live"
    release = { provisioned_concurrency = 2, snap_start = true }
  }

  expect_failures = [var.release]
}
