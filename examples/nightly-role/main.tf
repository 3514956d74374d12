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
      Condition = { StringEquals = { for claim, value in local.claims : "${local.issuer}:${claim}" => value } }
    }]
  })
}

# an account has only one for GitHub; who destroys it takes it away from every other role that trusts it
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

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  issuer    = "token.actions.githubusercontent.com"

  oidc_provider_arn = one(concat(
    aws_iam_openid_connect_provider.github[*].arn,
    data.aws_iam_openid_connect_provider.github[*].arn,
  ))

  owner_name      = split("/", var.repository)[0]
  repository_name = split("/", var.repository)[1]

  # the subject by names, and the one with ids that repositories have that were made or renamed since 15 July 2026:
  # https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
  repositories = compact([
    var.repository,
    var.ids == null ? "" : "${local.owner_name}@${var.ids.owner}/${local.repository_name}@${var.ids.repository}",
  ])

  # what STS compares: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
  claims = merge(
    {
      aud              = "sts.amazonaws.com"
      sub              = [for repository in local.repositories : "repo:${repository}:environment:${var.github_environment}"]
      job_workflow_ref = "${var.repository}/${var.workflow}@refs/heads/${var.branch}"
    },
    var.ids == null ? {} : { repository_id = var.ids.repository },
  )

  policies = {
    network       = local.network
    network-parts = local.network_parts
    cache         = local.cache
    functions     = local.functions
    state         = local.state
  }
}
