resource "aws_iam_role" "this" {
  count = var.role.existing == null ? 1 : 0

  name                 = coalesce(var.role_name, var.name)
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  description          = "What the function ${var.name} may do"
  tags                 = var.tags

  # plain JSON instead of a data source, which Terraform would read during the apply when a caller's depends_on has changes
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = var.role.existing == null ? 1 : 0

  name   = "vpc-lambda"
  role   = aws_iam_role.this[0].name
  policy = local.policy
}

# before 0.3.0 the module had no existing roles, and these resources no count
moved {
  from = aws_iam_role.this
  to   = aws_iam_role.this[0]
}

moved {
  from = aws_iam_role_policy.this
  to   = aws_iam_role_policy.this[0]
}
