mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/shop-nat-failover" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-nat-failover-us-east-1" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-nat-failover" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/shop-nat-failover" }
  }
}

variables {
  name = "shop"
  zones = {
    us-east-1b = { public_subnet_id = "subnet-b", private_subnet_id = "subnet-pb", private_route_table_id = "rtb-b" }
    us-east-1c = { public_subnet_id = "subnet-c", private_subnet_id = "subnet-pc", private_route_table_id = "rtb-c" }
  }
}

run "failover_checks_each_gateway_and_may_change_these_routes_only" {
  variables {
    failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"], role = { permissions_boundary = "arn:aws:iam::123456789012:policy/b" } }
    alarms   = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition = toset([for route in aws_route.failover_target : join(" ", [route.route_table_id, route.destination_cidr_block, route.nat_gateway_id])]) == toset([
      for pair in setproduct(["b", "c"], ["192.0.2.1/32", "192.0.2.2/32"]) :
      "rtb-${pair[0]} ${pair[1]} ${aws_nat_gateway.this["us-east-1${pair[0]}"].id}"
    ])
    error_message = "a target does not go through the zone's own gateway"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.failover[0].policy).Statement : statement.Action[0] => statement.Resource } == {
      "lambda:InvokeFunction"   = values(module.failover_checker)[*].arn
      "ec2:DescribeRouteTables" = ["*"]
      "ec2:ReplaceRoute"        = [for table in ["rtb-b", "rtb-c"] : "arn:aws:ec2:us-east-1:123456789012:route-table/${table}"]
      "logs:CreateLogStream"    = ["${aws_cloudwatch_log_group.failover[0].arn}:*"]
    }
    error_message = "the controller may do more or less than it needs"
  }

  assert {
    condition = jsondecode(aws_lambda_function.failover[0].environment[0].variables.SETTINGS) == {
      interval  = 10
      failures  = 3
      successes = 6
      targets   = ["192.0.2.1", "192.0.2.2"]
      zones = { for zone in ["us-east-1b", "us-east-1c"] : zone => {
        route_table = var.zones[zone].private_route_table_id
        gateway     = aws_nat_gateway.this[zone].id
        checker     = "shop-check-${zone}"
      } }
    }
    error_message = "the controller has other settings"
  }

  assert {
    condition = (
      length(aws_lambda_function.failover[0].vpc_config) == 0 &&
      aws_iam_role.failover[0].permissions_boundary == var.failover.role.permissions_boundary &&
      aws_cloudwatch_event_rule.failover[0].schedule_expression == "rate(1 minute)" &&
      aws_cloudwatch_event_target.failover[0].arn == aws_lambda_function.failover[0].arn &&
      aws_cloudwatch_metric_alarm.failover[0].alarm_actions == toset([var.alarms.topic_arn])
    )
    error_message = "the controller is in the VPC, or has no boundary, schedule or alarm"
  }
}

run "without_failover_nothing_of_it_exists" {
  assert {
    condition     = length(aws_lambda_function.failover) + length(aws_route.failover_target) + length(module.failover_checker) == 0
    error_message = "failover is on unless asked for"
  }
}

run "failover_without_private_subnets_is_rejected" {
  command = plan
  variables {
    zones = {
      us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
      us-east-1c = { public_subnet_id = "subnet-c", private_route_table_id = "rtb-c" }
    }
    failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"] }
  }
  expect_failures = [var.failover]
}

run "failover_with_a_single_gateway_is_rejected" {
  command = plan
  variables {
    mode        = "single"
    single_zone = "us-east-1b"
    failover    = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"] }
  }
  expect_failures = [var.failover]
}

run "failover_in_one_zone_is_rejected" {
  command   = plan
  state_key = "one_zone"
  variables {
    zones    = { us-east-1b = { public_subnet_id = "subnet-b", private_subnet_id = "subnet-pb", private_route_table_id = "rtb-b" } }
    failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"] }
  }
  expect_failures = [var.failover]
}

run "failover_to_one_target_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1"] } }
  expect_failures = [var.failover]
}

run "failover_to_equal_targets_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.1"] } }
  expect_failures = [var.failover]
}

run "failover_to_a_private_target_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "172.16.0.1"] } }
  expect_failures = [var.failover]
}

run "failover_to_a_host_name_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "example.com"] } }
  expect_failures = [var.failover]
}

run "failover_interval_that_does_not_divide_a_minute_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"], interval_seconds = 7 } }
  expect_failures = [var.failover]
}

run "failover_after_one_failure_is_rejected" {
  command = plan
  variables { failover = { vpc_id = "vpc-1", targets = ["192.0.2.1", "192.0.2.2"], failures = 1 } }
  expect_failures = [var.failover]
}
