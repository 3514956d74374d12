# what a range has to do with other ranges, which no single variable can know

locals {
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
