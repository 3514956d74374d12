resource "aws_iam_role" "this" {
  name        = coalesce(var.role_name, var.name)
  description = "What the function ${var.name} may do"
  tags        = var.tags

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
  name = "vpc-lambda"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.statements, [
      # Lambda needs these actions on all resources; the function's code does not
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      {
        Sid       = "NotFromTheCode"
        Effect    = "Deny"
        Action    = local.network_interface_actions
        Resource  = ["*"]
        Condition = { ArnLike = { "lambda:SourceFunctionArn" = [local.function_arn, "${local.function_arn}:*"] } }
      },
    ])
  })
}
