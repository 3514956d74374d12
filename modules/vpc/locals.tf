locals {
  region = data.aws_region.this.id # the only attribute with the same meaning in provider 5 and 6

  zones_outside_region = [for zone in keys(var.zones) : zone if replace(zone, "/[a-z]$/", "") != local.region]

  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
  private_cidrs = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]

  # null if cidr_block is invalid: the provider reports it
  vpc_prefix = try(tonumber(split("/", var.cidr_block)[1]), null)

  subnets = flatten([for zone, cidrs in var.zones : [
    for tier in ["public", "private", "isolated"] : {
      label   = "${zone} ${tier} ${cidrs["${tier}_cidr"]}"
      address = split("/", cidrs["${tier}_cidr"])[0]
      prefix  = try(tonumber(split("/", cidrs["${tier}_cidr"])[1]), null)
    } if cidrs["${tier}_cidr"] != null
  ]])

  subnets_outside_vpc = [for subnet in local.subnets : subnet.label if !try(
    subnet.prefix >= local.vpc_prefix &&
    cidrhost("${subnet.address}/${local.vpc_prefix}", 0) == cidrhost(var.cidr_block, 0),
    true,
  )]

  # two CIDR blocks overlap if they have the same network address under the shorter of their prefixes
  overlapping_subnets = flatten([for i, one in local.subnets : [
    for other in slice(local.subnets, i + 1, length(local.subnets)) : "${one.label} and ${other.label}" if try(
      cidrhost("${one.address}/${min(one.prefix, other.prefix)}", 0) ==
      cidrhost("${other.address}/${min(one.prefix, other.prefix)}", 0),
      false,
    )
  ]])

  isolated_cidrs = { for zone, cidrs in var.zones : zone => cidrs.isolated_cidr if cidrs.isolated_cidr != null }

  # without try, whose result is unknown while a policy or a bucket is
  interface_endpoints = toset(var.interface_endpoints == null ? [] : var.interface_endpoints.services)

  endpoint_associations = {
    for pair in setproduct(var.gateway_endpoints, keys(var.zones)) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], zone = pair[1] }
  }

  has_log_group       = var.flow_logs == null ? false : var.flow_logs.s3 == null
  flow_logs_role_name = var.flow_logs == null ? null : coalesce(var.flow_logs.role_name, "${var.name}-flow-logs")

  # the flow log has the partition, region and account of its log group
  flow_logs_log_group = one([for group in aws_cloudwatch_log_group.flow_logs : provider::aws::arn_parse(group.arn)])
}
