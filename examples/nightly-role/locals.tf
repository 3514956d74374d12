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

  # the subject with names, and the subject with IDs of repositories created or renamed since 15 July 2026:
  # https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
  repositories = compact([
    var.repository,
    var.ids == null ? "" : "${local.owner_name}@${var.ids.owner}/${local.repository_name}@${var.ids.repository}",
  ])

  # the claims that STS compares:
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
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
