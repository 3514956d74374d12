locals {
  region = data.aws_region.this.id # the only attribute with the same meaning in provider 5 and 6

  # a zone ID, such as use1-az1, is the same physical zone in every account
  zone_names = { for zone in keys(var.zones) : zone => can(regex("-az[0-9]+$", zone)) ? null : zone }
  zone_ids   = { for zone, name in local.zone_names : zone => name == null ? zone : null }

  zones_outside_region = concat(
    [for zone in compact(values(local.zone_names)) : zone if replace(zone, "/[a-z]$/", "") != local.region],
    tolist(setsubtract(compact(values(local.zone_ids)), flatten(data.aws_availability_zones.this[*].zone_ids))),
  )

  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
  private_cidrs = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]

  # With IPAM, the CIDR blocks of subnets are offsets: 0.0.1.64/26 is block (1 * 256 + 64) / 64 of the VPC's blocks of this size.
  vpc_cidrs = concat(compact([var.ipam == null ? var.cidr_block : "0.0.0.0/${var.ipam.netmask_length}"]), tolist(var.secondary_cidr_blocks))
  cidrs = { for subnet in local.subnets : subnet.key => var.ipam == null || !startswith(subnet.cidr, "0.0.") ? subnet.cidr : cidrsubnet(
    aws_vpc.this.cidr_block, subnet.prefix - var.ipam.netmask_length,
    (split(".", subnet.address)[2] * 256 + split(".", subnet.address)[3]) / pow(2, 32 - subnet.prefix),
  ) }

  has_ipv6   = anytrue([for subnet in local.subnets : subnet.netnum != null])
  netnums    = flatten([for zone in values(var.zones) : values(zone.ipv6_netnums)])
  ipv6_cidrs = { for subnet in local.subnets : subnet.key => subnet.netnum == null ? null : cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, subnet.netnum) }

  subnets = flatten([for zone, each in var.zones : [
    for tier, cidr in merge({ public = each.public_cidr, private = each.private_cidr, isolated = each.isolated_cidr }, each.tier_cidrs) : {
      key     = "${tier}-${zone}"
      zone    = zone
      tier    = tier
      cidr    = cidr
      label   = "${zone} ${tier} ${cidr}"
      address = split("/", cidr)[0]
      prefix  = try(tonumber(split("/", cidr)[1]), null)
      netnum  = lookup(each.ipv6_netnums, tier, null)
    } if cidr != null
  ]])

  # an invalid CIDR block of the VPC is reported by the provider
  subnets_outside_vpc = [for subnet in local.subnets : subnet.label if !anytrue([for cidr in local.vpc_cidrs : try(
    subnet.prefix >= split("/", cidr)[1] && cidrhost("${subnet.address}/${split("/", cidr)[1]}", 0) == cidrhost(cidr, 0), true,
  )])]

  # two CIDR blocks overlap if they have the same network address under the shorter of their prefixes
  overlaps = flatten([for blocks in [local.subnets, [for cidr in local.vpc_cidrs : { label = "the VPC's ${cidr}", address = split("/", cidr)[0], prefix = try(split("/", cidr)[1], null) }]] : [
    for i, one in blocks : [for other in slice(blocks, i + 1, length(blocks)) : "${one.label} and ${other.label}" if try(
      cidrhost("${one.address}/${min(one.prefix, other.prefix)}", 0) == cidrhost("${other.address}/${min(one.prefix, other.prefix)}", 0), false,
    )]
  ]])

  unknown_tiers = flatten([for zone, each in var.zones : concat(
    [for tier in keys(each.tier_cidrs) : "${zone} ${tier}" if !contains(keys(var.tiers), tier)],
    [for tier in keys(each.ipv6_netnums) : "${zone} ${tier}" if !contains([for subnet in local.subnets : subnet.key], "${tier}-${zone}")],
  )])

  tier_subnets   = { for subnet in local.subnets : subnet.key => subnet if contains(keys(var.tiers), subnet.tier) }
  isolated_zones = toset([for subnet in local.subnets : subnet.zone if try(!var.tiers[subnet.tier].routed, subnet.tier == "isolated")])

  deployed_subnets = merge(
    { for zone, subnet in aws_subnet.public : "public-${zone}" => subnet },
    { for zone, subnet in aws_subnet.private : "private-${zone}" => subnet },
    { for zone, subnet in aws_subnet.isolated : "isolated-${zone}" => subnet },
    aws_subnet.tier,
  )

  changed_cidr = "zones has %[1]s for the %[2]s subnet of %[3]s: it must be %[4]s, the current CIDR block. To change it, remove %[3]s from zones, apply, then add it again. Of a tier or an isolated subnet, remove the CIDR block only."

  acl_rules = { for tier, rules in var.network_acls : tier => [for rule in rules : {
    egress = rule.egress
    entry = {
      rule_no         = rule.number
      action          = rule.action
      protocol        = rule.protocol
      cidr_block      = strcontains(rule.cidr, ":") ? null : rule.cidr
      ipv6_cidr_block = strcontains(rule.cidr, ":") ? rule.cidr : null
      from_port       = rule.ports == null ? 0 : split("-", rule.ports)[0]
      to_port         = rule.ports == null ? contains(["tcp", "udp"], rule.protocol) ? 65535 : 0 : reverse(split("-", rule.ports))[0]
      icmp_type       = contains(["icmp", "58"], rule.protocol) ? -1 : null
      icmp_code       = contains(["icmp", "58"], rule.protocol) ? -1 : null
    }
  }] }

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
