mock_provider "aws" {
  mock_data "aws_elasticache_cluster" {
    defaults = {
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
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

run "nodes_across_zones" {
  command = plan

  assert {
    condition     = aws_elasticache_cluster.this.az_mode == "cross-az"
    error_message = "two zones are not cross-az"
  }

  assert {
    condition     = aws_elasticache_cluster.this.preferred_availability_zones == tolist(["us-east-1a", "us-east-1b"])
    error_message = "nodes are not placed in the zones asked for"
  }

  assert {
    condition     = aws_elasticache_cluster.this.num_cache_nodes == 2
    error_message = "the number of nodes is not the sum over the zones"
  }

  assert {
    condition     = aws_elasticache_subnet_group.this.subnet_ids == toset(["subnet-a", "subnet-b", "subnet-c"])
    error_message = "the subnet group lacks a subnet"
  }

  assert {
    condition     = aws_elasticache_cluster.this.transit_encryption_enabled && length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "the plain cluster has no TLS, or alarms that nobody hears"
  }
}

run "one_node_is_single_az" {
  command = plan
  variables { nodes = ["us-east-1b"] }

  assert {
    condition     = aws_elasticache_cluster.this.az_mode == "single-az"
    error_message = "one node is cross-az, which the provider refuses"
  }
}

run "one_zone_leaves_the_mode_as_it_is" {
  state_key = "one_zone"
  variables { nodes = ["us-east-1b", "us-east-1b"] }

  override_resource {
    target = aws_elasticache_cluster.this
    values = {
      az_mode = "the one that AWS has"
      cache_nodes = [
        { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
        { id = "0002", address = "shop.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }

  assert {
    condition     = aws_elasticache_cluster.this.az_mode == "the one that AWS has"
    error_message = "a cluster that shrinks into one zone asks for single-az, which AWS refuses while nodes span zones"
  }

  assert {
    condition     = aws_elasticache_cluster.this.preferred_availability_zones == tolist(["us-east-1b", "us-east-1b"])
    error_message = "both nodes do not go to the only zone"
  }
}

run "a_node_that_is_elsewhere_is_told" {
  variables { nodes = ["us-east-1a", "us-east-1c"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "nodes_are_told_in_whatever_order" {
  variables { nodes = ["us-east-1b", "us-east-1a"] }

  assert {
    condition     = aws_elasticache_cluster.this.preferred_availability_zones == tolist(["us-east-1b", "us-east-1a"])
    error_message = "the order of nodes is lost, by which AWS numbers them"
  }
}

run "only_security_groups_may_come_in" {
  assert {
    condition     = tomap({ for label, rule in aws_vpc_security_group_ingress_rule.clients : label => rule.referenced_security_group_id }) == var.client_security_groups
    error_message = "the rules are not for the clients' groups"
  }

  assert {
    condition = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients :
      rule.from_port == 11211 && rule.to_port == 11211 && rule.ip_protocol == "tcp" && rule.cidr_ipv4 == null
    ])
    error_message = "a rule opens more than memcached's port to a group"
  }

  assert {
    condition     = aws_elasticache_cluster.this.security_group_ids == toset([aws_security_group.this.id])
    error_message = "the nodes are not in the cluster's own group alone"
  }

  assert {
    condition     = output.configuration_endpoint == "shop.cfg.example.com:11211"
    error_message = "configuration_endpoint is not host:port"
  }

  assert {
    condition     = output.nodes[0] == { id = "0001", address = "shop.0001.example.com", port = 11211, availability_zone = "us-east-1a" } && length(output.nodes) == 2
    error_message = "nodes are not told by id, address, port and zone"
  }
}

run "parameters_in_a_group_of_the_engines_family" {
  command = plan
  variables { parameters = { max_item_size = "2097152" } }

  assert {
    condition     = aws_elasticache_parameter_group.this.family == "memcached1.6" && aws_elasticache_parameter_group.this.name == "shop-memcached1-6"
    error_message = "family does not follow engine_version, or the name does not follow the family"
  }

  assert {
    condition     = { for parameter in aws_elasticache_parameter_group.this.parameter : parameter.name => parameter.value } == { max_item_size = "2097152" }
    error_message = "the parameters are not in the group"
  }
}

run "zone_that_still_has_nodes_stays_in_the_subnet_group" {
  command = plan
  variables {
    subnets = { us-east-1a = "subnet-a", us-east-1c = "subnet-c" }
    nodes   = ["us-east-1a"]
  }
  expect_failures = [aws_elasticache_cluster.this]
}

run "two_zones_to_one_node_is_refused" {
  command = plan
  variables { nodes = ["us-east-1a"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "a_standing_cluster_grows" {
  command = plan
  variables { nodes = ["us-east-1a", "us-east-1b", "us-east-1c"] }

  assert {
    condition     = aws_elasticache_cluster.this.num_cache_nodes == 3
    error_message = "a node is not added at the end"
  }
}

run "three_nodes_numbered_in_another_order" {
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

run "the_wrong_zone_would_lose_its_node" {
  command   = plan
  state_key = "other_order"
  variables { nodes = ["us-east-1a", "us-east-1b"] }
  expect_failures = [aws_elasticache_cluster.this]
}

run "zone_without_subnet" {
  command = plan
  variables { nodes = ["us-east-1d"] }
  expect_failures = [var.nodes]
}

run "no_nodes" {
  command = plan
  variables { nodes = [] }
  expect_failures = [var.nodes]
}

run "things_of_another_kind" {
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

run "words_that_aws_does_not_take" {
  command = plan

  variables {
    name               = "Shop"
    engine_version     = "1.6.6"
    maintenance_window = "05:00-06:00"
    parameters         = { max-item-size = "1" }
  }

  expect_failures = [
    var.name,
    var.engine_version,
    var.maintenance_window,
    var.parameters,
  ]
}

run "words_that_aws_lacks" {
  command = plan

  variables {
    engine_version         = "1.6.18"
    name                   = "shop-"
    client_security_groups = { "webü" = "sg-1" }
  }

  expect_failures = [
    var.engine_version,
    var.name,
    var.client_security_groups,
  ]
}

run "no_subnets" {
  command = plan
  variables { subnets = {} }
  expect_failures = [var.subnets]
}

run "alarms_on_what_users_feel" {
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" } }

  assert {
    condition = { for metric, alarm in aws_cloudwatch_metric_alarm.this : metric => "${alarm.statistic} ${alarm.comparison_operator} ${alarm.threshold}" } == {
      CPUUtilization  = "Maximum GreaterThanThreshold 90"
      CurrConnections = "Maximum GreaterThanThreshold 10000"
      Evictions       = "Sum GreaterThanThreshold 100"
      SwapUsage       = "Maximum GreaterThanThreshold 52428800"
    }
    error_message = "an alarm is missing, at another threshold, an average over nodes, or on free memory that nobody asked for"
  }
}

run "more_nodes_than_the_quota" {
  command = plan
  variables { nodes = [for number in range(41) : "us-east-1a"] }
  expect_failures = [var.nodes]
}

run "one_subnet_for_two_zones" {
  command = plan
  variables { subnets = { us-east-1a = "subnet-a", us-east-1b = "subnet-a" } }
  expect_failures = [var.subnets]
}

run "range_for_a_subnet" {
  command = plan
  variables { subnets = { us-east-1a = "10.0.0.0/26", us-east-1b = "subnet-b" } }
  expect_failures = [var.subnets]
}

run "processor_above_all" {
  command = plan
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms", cpu_percent = 120 } }
  expect_failures = [var.alarms]
}
