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

run "runs_in_the_subnets_with_its_own_group" {
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "the function is not in the subnets given"
  }

  assert {
    condition     = aws_lambda_function.this.vpc_config[0].security_group_ids == toset([aws_security_group.this.id])
    error_message = "the function is not in its own group alone"
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == var.bundle.sha256
    error_message = "another bundle would not be deployed"
  }

  assert {
    condition     = length(aws_lambda_function.this.environment) == 0
    error_message = "an empty environment is sent, which AWS drops: every plan would show a change"
  }

  assert {
    condition     = output.log_group_name == "/aws/lambda/${output.function_name}"
    error_message = "the log group is not the one that Lambda writes to"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "Logs"] == [
      ["${aws_cloudwatch_log_group.this.arn}:*"],
    ]
    error_message = "the role may write to other log groups"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "logs:CreateLogGroup")
    error_message = "the role may make a log group that no destroy removes"
  }

  assert {
    condition     = !anytrue([for action in flatten(jsondecode(aws_iam_role_policy.this.policy).Statement[*].Action) : strcontains(action, "*")])
    error_message = "the role has a wildcard action"
  }

  assert {
    condition = jsonencode({ for label, rule in aws_vpc_security_group_egress_rule.this : label => [rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.referenced_security_group_id] }) == jsonencode({
      cache = ["tcp", 11211, 11211, null, "sg-cache"]
      https = ["tcp", 443, 443, "0.0.0.0/0", null]
    })
    error_message = "egress is not what the rules say"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.this : rule.security_group_id == aws_security_group.this.id])
    error_message = "a rule is on another group"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Condition if statement.Effect == "Deny"] == [
      { ArnLike = { "lambda:SourceFunctionArn" = ["arn:aws:lambda:us-east-1:123456789012:function:shop-api", "arn:aws:lambda:us-east-1:123456789012:function:shop-api:*"] } },
    ]
    error_message = "the function's own code has Lambda's permissions on network interfaces"
  }
}

run "environment_is_passed_on" {
  command = plan
  variables { environment = { TTL_SECONDS = 300 } }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ TTL_SECONDS = "300" })
    error_message = "the environment is not passed on"
  }
}

run "hash_in_hex_no_subnets_and_a_variable_with_a_hyphen" {
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

run "things_of_another_kind" {
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

run "rule_with_two_peers" {
  command = plan
  variables { egress_rules = { both = { port = 443, cidr_ipv4 = "0.0.0.0/0", security_group_id = "sg-1" } } }
  expect_failures = [var.egress_rules]
}

run "unknown_protocol" {
  command = plan
  variables { egress_rules = { all = { port = 443, protocol = "-1", cidr_ipv4 = "0.0.0.0/0" } } }
  expect_failures = [var.egress_rules]
}

run "words_that_lambda_does_not_take" {
  command = plan

  variables {
    architecture      = "amd64"
    handler           = "handler"
    runtime           = "python3.7"
    name              = "shop.api"
    alias             = "1st"
    environment       = { AWS_REGION = "us-east-1" }
    policy_statements = { read-all = { actions = ["s3:GetObject"], resources = ["*"] } }
    role_name         = "service/shop"
    dead_letters      = { target_arn = "arn:aws:sqs:us-east-1:123456789012:dead", kms_key_arn = "alias/dead" }
    egress_rules      = { "cache|api" = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
  }

  expect_failures = [
    var.architecture,
    var.handler,
    var.runtime,
    var.name,
    var.alias,
    var.environment,
    var.policy_statements,
    var.role_name,
    var.dead_letters,
    var.egress_rules,
  ]
}

run "figures_that_lambda_does_not_take" {
  command = plan

  variables {
    memory_size          = 64
    timeout              = 901
    log_retention_days   = 10
    reserved_concurrency = -5
  }

  expect_failures = [
    var.memory_size,
    var.timeout,
    var.log_retention_days,
    var.reserved_concurrency,
  ]
}

run "plain_unless_asked_for" {
  command = plan

  assert {
    condition     = !aws_lambda_function.this.publish && aws_lambda_function.this.reserved_concurrent_executions == -1 && aws_lambda_function.this.tracing_config[0].mode == "PassThrough"
    error_message = "the plain function publishes, reserves or traces"
  }

  assert {
    condition     = length(aws_lambda_alias.this) + length(aws_cloudwatch_metric_alarm.this) + length(aws_lambda_function.this.dead_letter_config) == 0
    error_message = "the plain function has more than it must"
  }
}

run "bundle_from_s3" {
  command = plan
  variables { bundle = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", s3 = { bucket = "bundles", key = "shop.zip" } } }

  assert {
    condition     = aws_lambda_function.this.s3_bucket == "bundles" && aws_lambda_function.this.s3_key == "shop.zip" && aws_lambda_function.this.filename == null
    error_message = "the bundle is not taken from S3"
  }
}

run "an_alias_follows_published_versions" {
  variables { alias = "live" }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.this[0].function_version == aws_lambda_function.this.version
    error_message = "the alias does not follow what is published"
  }
}

run "what_is_asked_for_is_allowed_and_no_more" {
  variables {
    dead_letters      = { target_arn = "arn:aws:sqs:us-east-1:123456789012:dead" }
    policy_statements = { ReadPrices = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::prices/*"] } }
    tracing           = true
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid]) == toset(["Logs", "NetworkInterfaces", "NotFromTheCode", "Tracing", "DeadLetters", "ReadPrices"])
    error_message = "the role has other statements than asked for"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : [statement.Action, statement.Resource] if statement.Sid == "DeadLetters"] == [[["sqs:SendMessage"], ["arn:aws:sqs:us-east-1:123456789012:dead"]]]
    error_message = "the function may not send its dead letters, or may send others"
  }

  assert {
    condition     = aws_lambda_function.this.dead_letter_config[0].target_arn == var.dead_letters.target_arn && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "the function itself is not told"
  }
}

run "alarm_on_duration_against_the_time_limit" {
  variables {
    timeout = 20
    alarms  = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["Duration"].threshold == 16000 && aws_cloudwatch_metric_alarm.this["Duration"].extended_statistic == "p99"
    error_message = "the alarm does not follow the time limit"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["Duration", "Errors", "Throttles"])
    error_message = "an alarm is missing"
  }
}

run "bundle_from_two_places" {
  command = plan
  variables { bundle = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", path = "shop.zip", s3 = { bucket = "bundles", key = "shop.zip" } } }
  expect_failures = [var.bundle]
}

run "rule_for_a_host" {
  command = plan
  variables { egress_rules = { api = { port = 443, cidr_ipv4 = "example.com" } } }
  expect_failures = [var.egress_rules]
}

run "all_of_a_service" {
  command = plan
  variables { policy_statements = { All = { actions = ["s3:*"], resources = ["*"] } } }
  expect_failures = [var.policy_statements]
}

run "wildcards_over_what_writes_or_grants" {
  command = plan
  variables { policy_statements = { Wide = { actions = ["s3:Put*"], resources = ["*"] }, Grants = { actions = ["iam:Get*"], resources = ["*"] } } }
  expect_failures = [var.policy_statements]
}

run "wildcards_over_what_reads_conditions_a_key_and_a_role_name" {
  variables {
    role_name    = "shop-api-eu-west-1"
    dead_letters = { target_arn = "arn:aws:sqs:us-east-1:123456789012:dead", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }

    policy_statements = {
      ReadPrices = { actions = ["s3:Get*"], resources = ["arn:aws:s3:::prices/*"] }
      PassOne    = { actions = ["iam:PassRole"], resources = ["*"], conditions = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com"] } } }
    }
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : try(statement.Condition, null) if contains(["ReadPrices", "PassOne"], statement.Sid)]) == jsonencode([
      { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com"] } },
      null,
    ])
    error_message = "a statement lacks its condition, or has one that nobody gave"
  }

  assert {
    condition     = aws_iam_role.this.name == "shop-api-eu-west-1" && aws_lambda_function.this.function_name == "shop-api"
    error_message = "a function in a second region would ask for the first one's role"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : [statement.Action, statement.Resource] if statement.Sid == "DeadLettersKey"] == [[["kms:Decrypt", "kms:GenerateDataKey"], [var.dead_letters.kms_key_arn]]]
    error_message = "the function may not encrypt its dead letters"
  }
}

run "duration_above_the_limit" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", timeout_percent = 150 } }
  expect_failures = [var.alarms]
}
