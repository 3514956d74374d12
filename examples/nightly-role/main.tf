# A principal that can write policies of roles can gain any permission: run the nightly in a dedicated account.
resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Applies, tests and destroys stacks named ${var.prefix}*, for ${var.repository}"
  max_session_duration = 4 * 3600 # seconds; Lambda alone takes up to 45 minutes to release its network interfaces

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.oidc_provider_arn }
      Condition = { StringEquals = { for claim, value in local.claims : "${local.issuer}:${claim}" => value } }
    }]
  })
}

# An account has only one provider for GitHub. Destroying it breaks every other role that trusts it.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 0 : 1

  url = "https://${local.issuer}"
}

resource "aws_iam_policy" "this" {
  for_each = local.policies

  name        = "${var.name}-${each.key}"
  description = "What ${var.name} may do to the ${each.key} of stacks named ${var.prefix}*"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = aws_iam_policy.this

  role       = aws_iam_role.this.name
  policy_arn = each.value.arn
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}
