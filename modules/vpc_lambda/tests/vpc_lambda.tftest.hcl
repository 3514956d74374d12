mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-api" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/shop-api" }
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
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "Logs"
    ] == [["${aws_cloudwatch_log_group.this.arn}:*"]]
    error_message = "the role may write to another log group"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "logs:CreateLogGroup")
    error_message = "the role may create a log group that no destroy removes"
  }

  assert {
    condition = !anytrue([
      for action in flatten(jsondecode(aws_iam_role_policy.this.policy).Statement[*].Action) : strcontains(action, "*")
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
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Condition if statement.Effect == "Deny"
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
      aws_lambda_function.this.version, aws_iam_role.this.arn, aws_cloudwatch_log_group.this.arn,
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
    )) == 0
    error_message = "an alias, alarms or dead letters exist by default"
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
    condition = toset(jsondecode(aws_iam_role_policy.this.policy).Statement[*].Sid) == toset([
      "Logs", "NetworkInterfaces", "NotFromTheCode", "Tracing", "DeadLetters", "ReadPrices",
    ])
    error_message = "the role has other statements than requested"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
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
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
      try(statement.Condition, null) if contains(["ReadPrices", "PassRole"], statement.Sid)
      ]) == jsonencode([
      { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com"] } },
      null,
    ])
    error_message = "a statement lacks its condition, or has one that was not requested"
  }

  assert {
    condition     = aws_iam_role.this.name == "shop-api-eu-west-1" && aws_lambda_function.this.function_name == "shop-api"
    error_message = "the role has another name than role_name, so a function in a second region would collide"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
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
