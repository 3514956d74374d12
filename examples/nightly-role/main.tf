# whoever may write the policies of roles may do what those roles may: let the nightly have an account of its own
resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Applies, tests and destroys stacks named ${var.prefix}*, for ${var.repository}"
  max_session_duration = 4 * 3600 # seconds; Lambda alone takes up to 45 minutes to give its network interfaces back

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.oidc_provider_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:ref:refs/heads/${var.branch}"
        }
      }
    }]
  })
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
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

locals {
  account           = data.aws_caller_identity.this.account_id
  issuer            = "token.actions.githubusercontent.com"
  oidc_provider_arn = coalesce(var.oidc_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))

  policies = {
    network   = local.network
    cache     = local.cache
    functions = local.functions
    state     = local.state
  }
}
