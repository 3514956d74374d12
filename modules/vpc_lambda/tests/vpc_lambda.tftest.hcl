mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-api" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/shop-api" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-api" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-api:live" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/shop-api-refresh" }
  }
}

variables {
  name    = "shop-api"
  bundle  = { path = "shop.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  vpc_id  = "vpc-1"
  subnets = { us-east-1a = "subnet-a", us-east-1b = "subnet-b" }

  egress_rules = {
    cache = { port = 11211, security_group_id = "sg-cache" }
    https = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }
}

run "defaults_are_least_privilege" {
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "the function is in other subnets than var.subnets"
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].security_group_ids == toset([aws_security_group.this.id])
    error_message = "the function has another security group than its own"
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == var.bundle.sha256
    error_message = "a changed bundle would not be deployed"
  }

  assert {
    condition     = length(aws_lambda_function.this.environment) == 0
    error_message = "an empty environment is sent, which AWS ignores, so that every plan would show a change"
  }

  assert {
    condition     = output.log_group_name == "/aws/lambda/${output.function_name}"
    error_message = "the log group is not the function's default log group"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Resource if statement.Sid == "Logs"
    ] == [["${aws_cloudwatch_log_group.this.arn}:*"]]
    error_message = "the role may write to another log group"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this[0].policy, "logs:CreateLogGroup")
    error_message = "the role may create a log group that no destroy removes"
  }

  assert {
    condition = !anytrue([
      for action in flatten(jsondecode(aws_iam_role_policy.this[0].policy).Statement[*].Action) : strcontains(action, "*")
    ])
    error_message = "the role has a wildcard action"
  }

  assert {
    condition = jsonencode({ for label, rule in aws_vpc_security_group_egress_rule.this : label => [
      rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.referenced_security_group_id,
      ] }) == jsonencode({
      cache = ["tcp", 11211, 11211, null, "sg-cache"]
      https = ["tcp", 443, 443, "0.0.0.0/0", null]
    })
    error_message = "the egress rules differ from var.egress_rules"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.this : rule.security_group_id == aws_security_group.this.id])
    error_message = "a rule is in another security group"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Condition if statement.Effect == "Deny"
      ] == [
      { ArnLike = { "lambda:SourceFunctionArn" = [
        "arn:aws:lambda:us-east-1:123456789012:function:shop-api",
        "arn:aws:lambda:us-east-1:123456789012:function:shop-api:*",
      ] } },
    ]
    error_message = "the function's code has Lambda's permissions on network interfaces"
  }

  assert {
    condition = [output.arn, output.invoke_arn, output.qualified_arn, output.version, output.role_arn, output.log_group_arn] == [
      aws_lambda_function.this.arn, aws_lambda_function.this.invoke_arn, aws_lambda_function.this.qualified_arn,
      aws_lambda_function.this.version, aws_iam_role.this[0].arn, aws_cloudwatch_log_group.this.arn,
    ]
    error_message = "an output of the function, its role or its log group has another value than the resource"
  }
}

run "environment_is_passed_to_the_function" {
  command = plan
  variables { environment = { TTL_SECONDS = 300 } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ TTL_SECONDS = "300" })
    error_message = "the function lacks the environment"
  }
}

run "hexadecimal_hash_empty_subnets_and_bad_port_are_rejected" {
  command = plan

  variables {
    bundle       = { path = "shop.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    subnets      = {}
    environment  = { TTL-SECONDS = "1" }
    egress_rules = { far = { port = 65536, cidr_ipv4 = "0.0.0.0/0" } }
  }

  expect_failures = [
    var.bundle,
    var.subnets,
    var.environment,
    var.egress_rules,
  ]
}

run "values_of_another_type_are_rejected" {
  command = plan

  variables {
    vpc_id       = "main"
    subnets      = { us-east-1a = "10.0.0.0/26" }
    alarms       = { topic_arn = "alarms" }
    dead_letters = { target_arn = "arn:aws:s3:::dead" }
    bundle       = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    egress_rules = { nowhere = { port = 443 } }
  }

  expect_failures = [
    var.vpc_id,
    var.subnets,
    var.alarms,
    var.dead_letters,
    var.bundle,
    var.egress_rules,
  ]
}

run "egress_rule_with_two_peers_is_rejected" {
  command = plan
  variables { egress_rules = { both = { port = 443, cidr_ipv4 = "0.0.0.0/0", security_group_id = "sg-1" } } }
  expect_failures = [var.egress_rules]
}

run "unknown_protocol_is_rejected" {
  command = plan
  variables { egress_rules = { all = { port = 443, protocol = "-1", cidr_ipv4 = "0.0.0.0/0" } } }
  expect_failures = [var.egress_rules]
}

run "invalid_names_are_rejected" {
  command = plan

  variables {
    handler           = "handler"
    name              = "shop.api"
    alias             = "1st"
    environment       = { AWS_REGION = "us-east-1" }
    policy_statements = { read-all = { actions = ["s3:GetObject"], resources = ["*"] } }
    dead_letters      = { target_arn = "arn:aws:sqs:us-east-1:123456789012:dead", kms_key_arn = "alias/dead" }
    egress_rules      = { "cache|api" = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
  }

  expect_failures = [
    var.handler,
    var.name,
    var.alias,
    var.environment,
    var.policy_statements,
    var.dead_letters,
    var.egress_rules,
  ]
}

run "optional_features_are_off_by_default" {
  command = plan

  assert {
    condition = (
      !aws_lambda_function.this.publish &&
      aws_lambda_function.this.reserved_concurrent_executions == -1 &&
      aws_lambda_function.this.tracing_config[0].mode == "PassThrough"
    )
    error_message = "the function publishes versions, reserves concurrency or traces by default"
  }

  assert {
    condition = length(concat(
      aws_lambda_alias.this, values(aws_cloudwatch_metric_alarm.this), aws_lambda_function.this.dead_letter_config,
      aws_lambda_function_url.this, values(aws_lambda_permission.this), values(aws_cloudwatch_event_rule.this),
      values(aws_cloudwatch_event_target.this), values(aws_lambda_event_source_mapping.this),
    )) == 0
    error_message = "an alias, alarms, dead letters or triggers exist by default"
  }
}

run "bundle_is_taken_from_s3" {
  command = plan
  variables {
    bundle = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", s3 = { bucket = "bundles", key = "shop.zip" } }
  }

  assert {
    condition = (
      aws_lambda_function.this.s3_bucket == "bundles" &&
      aws_lambda_function.this.s3_key == "shop.zip" &&
      aws_lambda_function.this.filename == null
    )
    error_message = "the bundle is not taken from S3"
  }
}

run "alias_follows_published_versions" {
  variables { alias = "live" }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.this[0].function_version == aws_lambda_function.this.version
    error_message = "the alias does not follow the published version"
  }

  assert {
    condition     = output.alias_arn == aws_lambda_alias.this[0].arn && output.alias_invoke_arn == aws_lambda_alias.this[0].invoke_arn
    error_message = "alias_arn or alias_invoke_arn differ from the alias's"
  }
}

run "role_has_the_requested_statements_only" {
  variables {
    dead_letters      = { target_arn = "arn:aws:sqs:us-east-1:123456789012:dead" }
    policy_statements = { ReadPrices = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::prices/*"] } }
    tracing           = true
  }

  assert {
    condition = toset(jsondecode(aws_iam_role_policy.this[0].policy).Statement[*].Sid) == toset([
      "Logs", "NetworkInterfaces", "NotFromTheCode", "Tracing", "DeadLetters", "ReadPrices",
    ])
    error_message = "the role has other statements than requested"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      [statement.Action, statement.Resource] if statement.Sid == "DeadLetters"
    ] == [[["sqs:SendMessage"], ["arn:aws:sqs:us-east-1:123456789012:dead"]]]
    error_message = "the role has another permission for dead letters"
  }

  assert {
    condition = (
      aws_lambda_function.this.dead_letter_config[0].target_arn == var.dead_letters.target_arn &&
      aws_lambda_function.this.tracing_config[0].mode == "Active"
    )
    error_message = "the function lacks the dead letter target or tracing"
  }
}

run "duration_alarm_is_relative_to_the_timeout" {
  variables {
    timeout = 20
    alarms  = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["Duration"].threshold == 16000 &&
      aws_cloudwatch_metric_alarm.this["Duration"].extended_statistic == "p99"
    )
    error_message = "the alarm is not on 80 percent of the timeout at p99"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["Duration", "Errors", "Throttles"])
    error_message = "an alarm is missing"
  }
}

run "bundle_with_path_and_s3_is_rejected" {
  command = plan
  variables {
    bundle = {
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      path   = "shop.zip"
      s3     = { bucket = "bundles", key = "shop.zip" }
    }
  }
  expect_failures = [var.bundle]
}

run "wildcard_over_a_service_is_rejected" {
  command = plan
  variables { policy_statements = { All = { actions = ["s3:*"], resources = ["*"] } } }
  expect_failures = [var.policy_statements]
}

run "wildcards_over_write_and_iam_actions_are_rejected" {
  command = plan
  variables {
    policy_statements = {
      Write = { actions = ["s3:Put*"], resources = ["*"] }
      Iam   = { actions = ["iam:Get*"], resources = ["*"] }
    }
  }
  expect_failures = [var.policy_statements]
}

run "read_wildcards_conditions_kms_key_and_role_name_are_accepted" {
  variables {
    role_name = "shop-api-eu-west-1"

    dead_letters = {
      target_arn  = "arn:aws:sqs:us-east-1:123456789012:dead"
      kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    }

    policy_statements = {
      ReadPrices = { actions = ["s3:Get*"], resources = ["arn:aws:s3:::prices/*"] }
      PassRole = {
        actions    = ["iam:PassRole"]
        resources  = ["*"]
        conditions = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com"] } }
      }
    }
  }

  assert {
    condition = jsonencode([
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      try(statement.Condition, null) if contains(["ReadPrices", "PassRole"], statement.Sid)
      ]) == jsonencode([
      { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com"] } },
      null,
    ])
    error_message = "a statement lacks its condition, or has one that was not requested"
  }

  assert {
    condition     = aws_iam_role.this[0].name == "shop-api-eu-west-1" && aws_lambda_function.this.function_name == "shop-api"
    error_message = "the role has another name than role_name, so a function in a second region would collide"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      [statement.Action, statement.Resource] if statement.Sid == "DeadLettersKey"
    ] == [[["kms:Decrypt", "kms:GenerateDataKey"], [var.dead_letters.kms_key_arn]]]
    error_message = "the role may not use the KMS key of the dead letters"
  }
}

run "alarm_over_100_percent_of_the_timeout_is_rejected" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", timeout_percent = 150 } }
  expect_failures = [var.alarms]
}

run "triggers_invoke_the_alias_with_a_permission_for_each" {
  variables {
    alias = "live"

    function_url = {
      auth = "NONE"
      cors = { allow_origins = ["https://www.example.com"], max_age_seconds = 600 }
    }
    schedules = { refresh = { expression = "rate(5 minutes)", input = "{\"job\":\"refresh\"}" } }
    permissions = {
      api = { service = "apigateway.amazonaws.com", source_arn = "arn:aws:execute-api:us-east-1:123456789012:abc/*" }
    }
    event_sources = {
      orders = {
        queue_arn               = "arn:aws:sqs:us-east-1:123456789012:orders"
        batch_size              = 100
        batching_window_seconds = 5
        filters                 = ["{\"body\":{\"kind\":[\"order\"]}}"]
        kms_key_arn             = "arn:aws:kms:us-east-1:123456789012:key/orders"
        maximum_concurrency     = 4
        partial_failures        = true
      }
    }
  }

  assert {
    condition = jsonencode({ for label, permission in aws_lambda_permission.this : label => [
      permission.action, permission.principal, permission.source_arn, permission.function_url_auth_type,
      ] }) == jsonencode({
      FunctionURLAllowPublicAccess = ["lambda:InvokeFunctionUrl", "*", null, "NONE"]
      FunctionURLAllowInvokeAction = ["lambda:InvokeFunction", "*", null, null]
      Schedule-refresh             = ["lambda:InvokeFunction", "events.amazonaws.com", aws_cloudwatch_event_rule.this["refresh"].arn, null]
      Service-api = [
        "lambda:InvokeFunction", "apigateway.amazonaws.com", "arn:aws:execute-api:us-east-1:123456789012:abc/*", null,
      ]
    })
    error_message = "a trigger lacks its permission, or the policy admits others"
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.this : permission.qualifier == "live" && permission.statement_id != ""])
    error_message = "a permission is on the function instead of its alias"
  }

  assert {
    condition = [
      aws_lambda_function_url.this[0].qualifier, aws_cloudwatch_event_target.this["refresh"].arn,
      aws_lambda_event_source_mapping.this["orders"].function_name, output.function_url, output.event_source_mapping_ids["orders"],
      ] == [
      "live", aws_lambda_alias.this[0].arn, aws_lambda_alias.this[0].arn, aws_lambda_function_url.this[0].function_url,
      aws_lambda_event_source_mapping.this["orders"].uuid,
    ]
    error_message = "a trigger invokes the function instead of its alias, or an output differs"
  }

  assert {
    condition = (
      aws_lambda_function_url.this[0].cors[0].allow_methods == toset(["GET"]) &&
      aws_lambda_function_url.this[0].cors[0].allow_origins == toset(["https://www.example.com"]) &&
      aws_lambda_function_url.this[0].cors[0].max_age == 600
    )
    error_message = "the URL lacks its CORS configuration"
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this["orders"].scaling_config[0].maximum_concurrency == 4 &&
      aws_lambda_event_source_mapping.this["orders"].function_response_types == toset(["ReportBatchItemFailures"]) &&
      one(one(aws_lambda_event_source_mapping.this["orders"].filter_criteria).filter).pattern == "{\"body\":{\"kind\":[\"order\"]}}"
    )
    error_message = "the queue lacks its concurrency, partial failures or filter"
  }

  assert {
    condition = jsonencode([
      for statement in jsondecode(output.policy).Statement : [statement.Action, statement.Resource]
      if contains(["EventSources", "Decryption"], statement.Sid)
      ]) == jsonencode([
      [["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], ["arn:aws:sqs:us-east-1:123456789012:orders"]],
      [["kms:Decrypt"], ["arn:aws:kms:us-east-1:123456789012:key/orders"]],
    ])
    error_message = "the role may not receive the queue's messages, or may do more"
  }
}

run "organization_settings_are_applied" {
  variables {
    ephemeral_storage_mb = 2048
    layers               = ["arn:aws:lambda:us-east-1:123456789012:layer:tools:3", "arn:aws:lambda:us-east-1:123456789012:layer:agent:1"]
    logging              = { application_level = "WARN" }
    environment          = { STAGE = "prod" }

    kms_keys = {
      environment = "arn:aws:kms:us-east-1:123456789012:key/environment"
      logs        = "arn:aws:kms:us-east-1:123456789012:key/logs"
    }
    role = { path = "/platform/", permissions_boundary = "arn:aws:iam::123456789012:policy/boundary" }
  }

  assert {
    condition = (
      aws_lambda_function.this.ephemeral_storage[0].size == 2048 && aws_lambda_function.this.layers == tolist(var.layers) &&
      aws_lambda_function.this.logging_config[0].log_format == "JSON" &&
      aws_lambda_function.this.logging_config[0].application_log_level == "WARN"
    )
    error_message = "the function lacks its storage, layers or logging configuration"
  }

  assert {
    condition = [aws_lambda_function.this.kms_key_arn, aws_cloudwatch_log_group.this.kms_key_id] == [
      var.kms_keys.environment, var.kms_keys.logs,
    ]
    error_message = "the environment or the log group has another key"
  }

  assert {
    condition     = [aws_iam_role.this[0].path, aws_iam_role.this[0].permissions_boundary] == [var.role.path, var.role.permissions_boundary]
    error_message = "the role lacks its path or its permissions boundary"
  }

  assert {
    condition = [
      for statement in jsondecode(output.policy).Statement : statement.Resource if statement.Sid == "Decryption"
    ] == [[var.kms_keys.environment]]
    error_message = "the role may not decrypt the environment"
  }
}

run "existing_role_is_assumed_and_callers_use_the_url" {
  state_key = "existing_role"

  variables {
    role         = { existing = { arn = "arn:aws:iam::123456789012:role/platform/shop" } }
    function_url = { callers = { web = "210987654321" } }
  }

  assert {
    condition     = length(concat(aws_iam_role.this, aws_iam_role_policy.this)) == 0
    error_message = "the module creates a role or a policy beside the existing role"
  }

  assert {
    condition = [aws_lambda_function.this.role, output.role_arn, output.role_name] == [
      var.role.existing.arn, var.role.existing.arn, "shop",
    ]
    error_message = "the function has another role than the existing one"
  }

  assert {
    condition = jsonencode({ for label, permission in aws_lambda_permission.this : label => [
      permission.action, permission.principal, permission.function_url_auth_type, permission.qualifier,
      ] }) == jsonencode({
      FunctionURLAllowAccess-web       = ["lambda:InvokeFunctionUrl", "210987654321", "AWS_IAM", null]
      FunctionURLAllowInvokeAction-web = ["lambda:InvokeFunction", "210987654321", null, null]
    })
    error_message = "the caller lacks a permission, or the URL is public"
  }
}

run "values_of_another_kind_in_triggers_and_role_are_rejected" {
  command = plan

  variables {
    kms_keys      = { environment = "alias/shop" }
    layers        = ["arn:aws:lambda:us-east-1:123456789012:layer:tools"]
    logging       = { format = "Text", application_level = "WARN" }
    role          = { existing = { arn = "shop-api" } }
    event_sources = { topic = { queue_arn = "arn:aws:sns:us-east-1:123456789012:orders" } }
    function_url  = { callers = { web = "web-role" } }
    permissions   = { api = { service = "apigateway", source_arn = "arn:aws:execute-api:us-east-1:123456789012:abc/*" } }
    schedules     = { refresh = { expression = "rate(1 minutes)" } }
  }

  expect_failures = [
    var.kms_keys,
    var.layers,
    var.logging,
    var.role,
    var.event_sources,
    var.function_url,
    var.permissions,
    var.schedules,
  ]
}

run "invalid_labels_paths_and_lists_are_rejected" {
  command = plan

  variables {
    layers        = [for number in range(6) : "arn:aws:lambda:us-east-1:123456789012:layer:tools:${number}"]
    role          = { path = "platform" }
    event_sources = { orders = { queue_arn = "arn:aws:sqs:us-east-1:123456789012:orders", batch_size = 11 } }
    function_url  = { cors = { allow_origins = ["*"], allow_methods = ["OPTIONS"] } }
    permissions   = { "my api" = { service = "apigateway.amazonaws.com", source_arn = "arn:aws:execute-api:us-east-1:123456789012:abc/*" } }
    schedules     = { "every hour" = { expression = "rate(1 hour)" } }
  }

  expect_failures = [
    var.layers,
    var.role,
    var.event_sources,
    var.function_url,
    var.permissions,
    var.schedules,
  ]
}

run "open_sources_duplicates_and_fifo_windows_are_rejected" {
  command = plan

  variables {
    layers = [for number in range(2) : "arn:aws:lambda:us-east-1:123456789012:layer:tools:1"]
    role   = { permissions_boundary = "boundary" }
    event_sources = {
      orders = { queue_arn = "arn:aws:sqs:us-east-1:123456789012:orders.fifo", batching_window_seconds = 5 }
    }
    function_url = { cors = { allow_origins = ["*"], allow_credentials = true } }
    permissions  = { api = { service = "apigateway.amazonaws.com", source_arn = "*" } }
    schedules    = { refresh = { expression = "rate(1 hour)", input = "refresh" } }
  }

  expect_failures = [
    var.layers,
    var.role,
    var.event_sources,
    var.function_url,
    var.permissions,
    var.schedules,
  ]
}

run "contradicting_inputs_are_rejected" {
  command = plan

  variables {
    reserved_concurrency = 2
    role                 = { existing = { arn = "arn:aws:iam::123456789012:role/shop" }, permissions_boundary = "arn:aws:iam::123456789012:policy/boundary" }
    event_sources        = { orders = { queue_arn = "arn:aws:sqs:us-east-1:123456789012:orders", maximum_concurrency = 3 } }
    function_url         = { auth = "NONE", callers = { web = "210987654321" } }
    permissions          = { bucket = { service = "s3.amazonaws.com", source_arn = "arn:aws:s3:::prices" } }
    schedules            = { nightly = { expression = "cron(0 3 * * ?)" } }
  }

  expect_failures = [
    var.role,
    var.event_sources,
    var.function_url,
    var.permissions,
    var.schedules,
  ]
}

run "statements_for_an_existing_role_and_paths_in_origins_are_rejected" {
  command = plan

  variables {
    role              = { existing = { arn = "arn:aws:iam::123456789012:role/shop" } }
    policy_statements = { ReadPrices = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::prices/*"] } }
    event_sources     = { orders = { queue_arn = "arn:aws:sqs:us-east-1:123456789012:orders", filters = ["order"] } }
    function_url      = { cors = { allow_origins = ["https://www.example.com/shop"] } }
  }

  expect_failures = [
    var.role,
    var.event_sources,
    var.function_url,
  ]
}
