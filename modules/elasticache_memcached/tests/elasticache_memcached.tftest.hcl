mock_provider "aws" {
  mock_data "aws_elasticache_cluster" {
    defaults = {
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }

  mock_resource "aws_elasticache_serverless_cache" {
    defaults = {
      arn      = "arn:aws:elasticache:us-east-1:123456789012:serverlesscache:shop"
      endpoint = [{ address = "shop-0abcde.serverless.example.com", port = 11211 }]
    }
  }

  mock_resource "aws_elasticache_cluster" {
    defaults = {
      configuration_endpoint = "shop.cfg.example.com:11211"
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }
}

variables {
  name    = "shop"
  vpc_id  = "vpc-1"
  subnets = { us-east-1a = "subnet-a", us-east-1b = "subnet-b", us-east-1c = "subnet-c" }
  nodes   = ["us-east-1a", "us-east-1b"]

  client_security_groups = { web = "sg-1", jobs = "sg-2" }
}

run "nodes_are_placed_across_zones" {
  command = plan

  assert {
    condition     = aws_elasticache_cluster.this[0].az_mode == "cross-az"
    error_message = "nodes in two zones are not cross-az"
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].preferred_availability_zones == tolist(["us-east-1a", "us-east-1b"])
    error_message = "nodes are in other zones than var.nodes"
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].num_cache_nodes == 2
    error_message = "the number of nodes differs from var.nodes"
  }

  assert {
    condition     = aws_elasticache_subnet_group.this[0].subnet_ids == toset(["subnet-a", "subnet-b", "subnet-c"])
    error_message = "the subnet group lacks a subnet"
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].transit_encryption_enabled && length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "the default cluster has no TLS, or has alarms without a topic"
  }
}

run "one_node_is_single_az" {
  command = plan
  variables { nodes = ["us-east-1b"] }

  assert {
    condition     = aws_elasticache_cluster.this[0].az_mode == "single-az"
    error_message = "one node is cross-az, which the provider rejects"
  }
}

run "several_nodes_in_one_zone_retain_the_mode" {
  state_key = "one_zone"
  variables { nodes = ["us-east-1b", "us-east-1b"] }

  override_resource {
    target = aws_elasticache_cluster.this
    values = {
      az_mode = "current mode"
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].az_mode == "current mode"
    error_message = "a cluster reduced to one zone requests single-az, which AWS rejects while nodes are in several zones"
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].preferred_availability_zones == tolist(["us-east-1b", "us-east-1b"])
    error_message = "a node is in another zone than the only one"
  }
}

run "node_in_another_zone_is_an_error" {
  variables { nodes = ["us-east-1a", "us-east-1c"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "nodes_may_be_numbered_in_another_order" {
  variables { nodes = ["us-east-1b", "us-east-1a"] }

  assert {
    condition     = aws_elasticache_cluster.this[0].preferred_availability_zones == tolist(["us-east-1b", "us-east-1a"])
    error_message = "preferred_availability_zones has another order than nodes"
  }
}

run "only_client_security_groups_are_admitted" {
  assert {
    condition = tomap({
      for label, rule in aws_vpc_security_group_ingress_rule.clients : label => rule.referenced_security_group_id
    }) == var.client_security_groups
    error_message = "the rules admit other security groups than client_security_groups"
  }

  assert {
    condition = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients :
      rule.from_port == 11211 && rule.to_port == 11211 && rule.ip_protocol == "tcp" && rule.cidr_ipv4 == null
    ])
    error_message = "a rule admits more than memcached's port from a security group"
  }

  assert {
    condition     = aws_elasticache_cluster.this[0].security_group_ids == toset([aws_security_group.this.id])
    error_message = "the nodes have another security group than the cluster's own"
  }

  assert {
    condition     = output.configuration_endpoint == "shop.cfg.example.com:11211"
    error_message = "configuration_endpoint is not host:port"
  }

  assert {
    condition = length(output.nodes) == 2 && output.nodes[0] == {
      id                = "0001"
      address           = "shop.0001.example.com"
      port              = 11211
      availability_zone = "us-east-1a"
    }
    error_message = "the output nodes lacks a node or an attribute"
  }

  assert {
    condition = [output.arn, output.cluster_id, output.parameter_group_name, output.subnet_group_name, output.security_group_id] == [
      aws_elasticache_cluster.this[0].arn, "shop", "shop-memcached1-6", "shop", aws_security_group.this.id,
    ]
    error_message = "an output of the cluster or its groups has another value than the resource"
  }

  assert {
    condition     = output.port == 11211 && output.transit_encryption
    error_message = "port or transit_encryption differ from the cluster's"
  }
}

run "parameter_group_has_the_family_of_the_engine_version" {
  command = plan
  variables { parameters = { max_item_size = "2097152" } }

  assert {
    condition = [aws_elasticache_parameter_group.this[0].family, aws_elasticache_parameter_group.this[0].name] == [
      "memcached1.6", "shop-memcached1-6",
    ]
    error_message = "the family does not match engine_version, or the name does not match the family"
  }

  assert {
    condition = { for parameter in aws_elasticache_parameter_group.this[0].parameter : parameter.name => parameter.value } == {
      max_item_size = "2097152"
    }
    error_message = "the parameter group lacks the parameters"
  }
}

run "removing_the_subnet_of_a_node_is_rejected" {
  command = plan
  variables {
    subnets = { us-east-1a = "subnet-a", us-east-1c = "subnet-c" }
    nodes   = ["us-east-1a"]
  }
  expect_failures = [aws_elasticache_cluster.this]
}

run "one_node_after_nodes_in_two_zones_is_rejected" {
  command = plan
  variables { nodes = ["us-east-1a"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "appended_zone_adds_a_node" {
  command = plan
  variables { nodes = ["us-east-1a", "us-east-1b", "us-east-1c"] }

  assert {
    condition     = aws_elasticache_cluster.this[0].num_cache_nodes == 3
    error_message = "no node is added at the end"
  }
}

run "nodes_numbered_in_another_order" {
  state_key = "other_order"
  variables { nodes = ["us-east-1a", "us-east-1b", "us-east-1c"] }

  override_resource {
    target = aws_elasticache_cluster.this
    values = {
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1c", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" },
        { id = "0003", address = "shop.0003.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }
}

run "removing_another_node_than_the_last_is_rejected" {
  command   = plan
  state_key = "other_order"
  variables { nodes = ["us-east-1a", "us-east-1b"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "node_in_a_zone_without_subnet_is_rejected" {
  command = plan
  variables { nodes = ["us-east-1d"] }
  expect_failures = [var.nodes]
}

run "empty_nodes_are_rejected" {
  command = plan
  variables { nodes = [] }
  expect_failures = [var.nodes]
}

run "misspelt_size_of_a_node_type_is_rejected" {
  command = plan
  variables { node_type = "cache.t4g.mirco" }
  expect_failures = [var.node_type]
}

run "misspelt_family_of_a_node_type_is_rejected" {
  command = plan
  variables { node_type = "cache.tg4.micro" }
  expect_failures = [var.node_type]
}

run "values_of_another_type_are_rejected" {
  command = plan

  variables {
    node_type              = "t4g.small"
    client_security_groups = { web = "10.0.0.0/24" }
    vpc_id                 = "main"
    notification_topic_arn = "alarms"
    alarms                 = { topic_arn = "arn:aws:sqs:us-east-1:123456789012:alarms" }
  }

  expect_failures = [
    var.node_type,
    var.client_security_groups,
    var.vpc_id,
    var.notification_topic_arn,
    var.alarms,
  ]
}

run "invalid_names_and_versions_are_rejected" {
  command = plan

  variables {
    engine_version = "1.6.6"
    parameters     = { max-item-size = "1" }
  }

  expect_failures = [
    var.engine_version,
    var.parameters,
  ]
}

run "version_and_label_unknown_to_aws_are_rejected" {
  command = plan

  variables {
    engine_version         = "1.6.18"
    client_security_groups = { "webü" = "sg-1" }
  }

  expect_failures = [
    var.engine_version,
    var.client_security_groups,
  ]
}

run "empty_subnets_are_rejected" {
  command = plan
  variables { subnets = {} }
  expect_failures = [var.subnets]
}

run "alarms_have_the_default_thresholds" {
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" } }

  assert {
    condition = { for metric, alarm in aws_cloudwatch_metric_alarm.this : metric =>
      "${alarm.statistic} ${alarm.comparison_operator} ${alarm.threshold}"
      } == {
      CPUUtilization  = "Maximum GreaterThanThreshold 90"
      CurrConnections = "Maximum GreaterThanThreshold 10000"
      Evictions       = "Sum GreaterThanThreshold 100"
      SwapUsage       = "Maximum GreaterThanThreshold 52428800"
    }
    error_message = "an alarm is missing, has another threshold or statistic, or is on free memory without a threshold"
  }
}

run "each_node_has_its_alarms" {
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", per_node = true } }

  assert {
    condition = toset([for key, alarm in aws_cloudwatch_metric_alarm.this : "${key} ${alarm.metric_name} ${alarm.dimensions.CacheNodeId}"]) == toset([
      for pair in setproduct(["CPUUtilization", "CurrConnections", "Evictions", "SwapUsage"], ["0001", "0002"]) :
      "${pair[0]}-${pair[1]} ${pair[0]} ${pair[1]}"
    ])
    error_message = "a node lacks an alarm, or an alarm is on another node"
  }
}

run "alarm_over_the_connection_limit_is_rejected" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", connections = 65000 } }
  expect_failures = [var.alarms]
}

run "negative_threshold_is_rejected" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", evictions = -1 } }
  expect_failures = [var.alarms]
}

run "more_nodes_than_the_quota_are_rejected" {
  command = plan
  variables { nodes = [for number in range(41) : "us-east-1a"] }
  expect_failures = [var.nodes]
}

run "subnet_of_two_zones_is_rejected" {
  command = plan
  variables { subnets = { us-east-1a = "subnet-a", us-east-1b = "subnet-a" } }
  expect_failures = [var.subnets]
}

run "cidr_block_as_subnet_is_rejected" {
  command = plan
  variables { subnets = { us-east-1a = "10.0.0.0/26", us-east-1b = "subnet-b" } }
  expect_failures = [var.subnets]
}

run "cpu_alarm_over_100_percent_is_rejected" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", cpu_percent = 120 } }
  expect_failures = [var.alarms]
}

run "serverless_cache_is_behind_the_same_outputs" {
  state_key = "serverless"
  variables {
    nodes      = []
    subnets    = { us-east-1a = "subnet-a", us-east-1b = "subnet-b" }
    serverless = { max_data_gb = 10, max_ecpu_per_second = 5000 }
    alarms     = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", evictions = 7 }
  }

  assert {
    condition = (
      length(aws_elasticache_cluster.this) + length(aws_elasticache_subnet_group.this) + length(aws_elasticache_parameter_group.this) == 0
      && aws_elasticache_serverless_cache.this[0].subnet_ids == toset(["subnet-a", "subnet-b"])
      && aws_elasticache_serverless_cache.this[0].security_group_ids == toset([aws_security_group.this.id])
    )
    error_message = "the serverless cache has other subnets or groups, or there is a cluster, too"
  }

  assert {
    condition = [
      aws_elasticache_serverless_cache.this[0].cache_usage_limits[0].data_storage[0].maximum,
      aws_elasticache_serverless_cache.this[0].cache_usage_limits[0].ecpu_per_second[0].maximum,
    ] == [10, 5000]
    error_message = "the limits differ from serverless"
  }

  assert {
    condition = [output.arn, output.cluster_id, output.configuration_endpoint] == [
      "arn:aws:elasticache:us-east-1:123456789012:serverlesscache:shop", "shop", "shop-0abcde.serverless.example.com:11211",
    ] && output.parameter_group_name == null && output.subnet_group_name == null
    error_message = "an output has another value than the serverless cache"
  }

  assert {
    condition = (
      output.transit_encryption && output.port == 11211 && length(output.nodes) == 1 && output.nodes[0].availability_zone == null
      && "${output.nodes[0].address}:${output.nodes[0].port}" == output.configuration_endpoint
    )
    error_message = "the endpoint is not the only node, or has no TLS"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.from_port == 11211 && rule.to_port == 11212])
    error_message = "a client does not reach both ports of the serverless cache"
  }

  assert {
    condition = { for metric, alarm in aws_cloudwatch_metric_alarm.this : metric => "${alarm.statistic} ${alarm.threshold} ${alarm.dimensions.clusterId}" } == {
      BytesUsedForCache          = "Maximum 9000000000 shop"
      ElastiCacheProcessingUnits = "Sum 270000 shop"
      Evictions                  = "Sum 7 shop"
      ThrottledCmds              = "Sum 0 shop"
    }
    error_message = "an alarm of the serverless cache is missing, or has another threshold or dimension"
  }
}

run "serverless_cache_without_limits_has_no_alarms_on_them" {
  command   = plan
  state_key = "unlimited"
  variables {
    nodes      = []
    subnets    = { us-east-1a = "subnet-a", us-east-1b = "subnet-b" }
    serverless = {}
    alarms     = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["Evictions", "ThrottledCmds"]
    error_message = "a limit that is not set has an alarm"
  }

  assert {
    condition     = length(aws_elasticache_serverless_cache.this[0].cache_usage_limits) == 0
    error_message = "a cache without limits has some"
  }
}

run "inputs_of_nodes_are_rejected_with_serverless" {
  command   = plan
  state_key = "unlimited"
  variables {
    subnets            = { us-east-1a = "subnet-a", us-east-1b = "subnet-b" }
    serverless         = {}
    node_type          = "cache.t4g.micro"
    engine_version     = "1.6.22"
    parameters         = { max_item_size = "2097152" }
    transit_encryption = false
  }
  expect_failures = [aws_elasticache_serverless_cache.this]
}

run "name_and_single_subnet_of_serverless_cache_are_rejected" {
  command   = plan
  state_key = "unlimited"
  variables {
    name       = "shop-with-a-name-of-forty-one-characters-x"
    nodes      = []
    subnets    = { us-east-1a = "subnet-a" }
    serverless = {}
  }
  expect_failures = [var.name, var.subnets]
}

run "invalid_serverless_limits_are_rejected" {
  command   = plan
  state_key = "unlimited"
  variables {
    nodes      = []
    serverless = { max_data_gb = 5001, max_ecpu_per_second = 999, kms_key_id = "alias/data" }
    alarms     = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", limit_percent = 0, throttled = -1 }
  }
  expect_failures = [var.serverless, var.alarms]
}
