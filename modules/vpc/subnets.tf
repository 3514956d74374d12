resource "aws_subnet" "public" {
  for_each = var.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.public_cidr
  tags              = merge(var.tags, var.tier_tags.public, { Name = "${var.name}-public-${each.key}" })
}

resource "aws_subnet" "private" {
  for_each = var.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.private_cidr
  tags              = merge(var.tags, var.tier_tags.private, { Name = "${var.name}-private-${each.key}" })

  # AWS keeps a function's network interfaces here for up to 45 minutes after the function is gone
  timeouts {
    delete = "60m"
  }
}
