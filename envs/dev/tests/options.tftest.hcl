mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }
}

variables {
  name       = "vpcache-dev"
  account_id = "123456789012"
  region     = "us-east-1"

  bundles = {
    cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    origin       = { path = "origin.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "old_values_have_no_new_resources" {
  command = plan
  variables { front_door = null }

  assert {
    condition     = output.cached_api_url == null && output.alarm_receivers == null && output.nat_gateway_zones["us-east-1b"] == "us-east-1b"
    error_message = "an environment without the new values has a front door, receivers, or a shared NAT gateway"
  }

  assert {
    condition     = local.api_settings == {}
    error_message = "the cached API has settings without values"
  }
}

run "options_reach_their_resources" {
  command = plan

  variables {
    nat        = { mode = "single", single_zone = "b" }
    cache      = { zones = ["a"], node_type = "cache.t4g.micro", transit_encryption = false, tier = "isolated" }
    front_door = { alias = "live", callers = { web = "123456789012" } }

    zones = {
      a = { public_cidr = "10.0.0.0/27", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.0.32/28" }
      b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26", isolated_cidr = "10.0.0.48/28" }
    }

    api = {
      ttl_seconds   = 60
      stale_seconds = 0
      path_ttls     = { "/employees" = "10", "/orders" = "60,600" }
      origins       = { "/orders" = "https://orders.example.com" }
      purge         = { callers = ["arn:aws:iam::123456789012:role/deploy"] }
    }

    alarms          = true
    alarm_receivers = { https_urls = ["https://events.example.com/integration/enqueue"] }
  }

  assert {
    condition     = output.nat_gateway_zones == { us-east-1a = "us-east-1b", us-east-1b = "us-east-1b" }
    error_message = "a zone has another NAT gateway than that of us-east-1b"
  }

  assert {
    condition     = module.elasticache_memcached.subnet_group_name == "vpcache-dev-isolated"
    error_message = "a move to the isolated tier would change the subnet group in place, which AWS rejects while it has nodes"
  }

  assert {
    condition = local.api_settings == {
      STALE_SECONDS = "0"
      PATH_TTLS     = "/employees=10 /orders=60,600"
      ORIGINS       = "/orders=https://orders.example.com"
      PURGE_CALLERS = "arn:aws:iam::123456789012:role/deploy"
    }
    error_message = "a setting is missing, or one without a value is set"
  }

  assert {
    condition     = [for each in aws_sns_topic_subscription.alarms_https : each.protocol] == ["https"] && length(output.alarm_receivers) == 1
    error_message = "the topic has no subscription of the URL"
  }
}

run "existing_topic_replaces_the_stacks_own" {
  command = plan
  variables {
    alarms          = true
    alarm_receivers = { topic_arn = "arn:aws:sns:us-east-1:123456789012:chat" }
  }

  assert {
    condition = length(aws_sns_topic.alarms) == 0 && alltrue([
      for alarm in aws_cloudwatch_metric_alarm.cached_api : alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:chat"])
    ])
    error_message = "the stack has a separate topic, or an alarm has another action"
  }
}

run "missing_values_are_rejected" {
  command = plan
  variables {
    alarms = true
    nat    = { mode = "single" }
    cache  = { zones = ["a"], node_type = "cache.t4g.micro", transit_encryption = false, tier = "isolated" }
  }
  expect_failures = [var.alarm_receivers, var.nat, var.cache]
}

run "unknown_values_are_rejected" {
  command = plan
  variables {
    alarms          = true
    alarm_receivers = { topic_arn = "arn:aws:sqs:us-east-1:123456789012:chat" }
    nat             = { mode = "none" }
    cache           = { zones = ["a"], node_type = "cache.t4g.micro", transit_encryption = false, tier = "public" }
  }
  expect_failures = [var.alarm_receivers, var.nat, var.cache]
}

run "http_urls_are_rejected" {
  command = plan
  variables {
    alarms          = true
    alarm_receivers = { https_urls = ["http://events.example.com"] }
    api             = { origins = { "/orders" = "http://orders.example.com" } }
  }
  expect_failures = [var.alarm_receivers, var.api]
}

run "contradicting_values_are_rejected" {
  command = plan
  variables {
    alarms          = true
    alarm_emails    = ["operations@example.com"]
    alarm_receivers = { silenced = true }
    nat             = { single_zone = "a" }
  }
  expect_failures = [var.alarm_receivers, var.nat]
}

run "receivers_without_alarms_and_gateway_without_zone_are_rejected" {
  command = plan
  variables {
    alarm_receivers = { https_urls = ["https://events.example.com"] }
    nat             = { mode = "single", single_zone = "f" }
  }
  expect_failures = [var.alarm_receivers, var.nat]
}

run "addresses_beside_an_existing_topic_are_rejected" {
  command = plan
  variables {
    alarms          = true
    alarm_emails    = ["operations@example.com"]
    alarm_receivers = { topic_arn = "arn:aws:sns:us-east-1:123456789012:chat" }
  }
  expect_failures = [var.alarm_receivers]
}
