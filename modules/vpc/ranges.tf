# what a range has to do with other ranges, which no single variable can know

locals {
  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
  private_ranges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]

  ranges = flatten([for zone, place in var.zones : [
    { label = "${zone} public ${place.public_cidr}", cidr = place.public_cidr },
    { label = "${zone} private ${place.private_cidr}", cidr = place.private_cidr },
  ]])

  # a range that is none at all has a message of its own
  outside = [for range in local.ranges : range.label if !try(
    tonumber(split("/", range.cidr)[1]) >= tonumber(split("/", var.cidr_block)[1]) &&
    cidrhost("${split("/", range.cidr)[0]}/${split("/", var.cidr_block)[1]}", 0) == cidrhost(var.cidr_block, 0),
    true,
  )]

  # two ranges overlap if they are the same under the shorter of their two prefixes
  overlapping = flatten([for i, one in local.ranges : [for j, other in local.ranges :
    "${one.label} and ${other.label}" if i < j && try(
      cidrhost("${split("/", one.cidr)[0]}/${min([for range in [one, other] : split("/", range.cidr)[1]]...)}", 0) ==
      cidrhost("${split("/", other.cidr)[0]}/${min([for range in [one, other] : split("/", range.cidr)[1]]...)}", 0),
      false,
    )
  ]])
}

# others are legal too, such as 198.18.0.0/15 or addresses that the account has brought to AWS
check "private_range" {
  assert {
    condition = anytrue([for range in local.private_ranges :
      try(cidrhost("${split("/", var.cidr_block)[0]}/${split("/", range)[1]}", 0) == cidrhost(range, 0), true)
    ])
    error_message = "cidr_block is ${var.cidr_block}, outside the private ranges ${join(", ", local.private_ranges)}: functions in the VPC cannot reach hosts of the internet that have these addresses."
  }
}
