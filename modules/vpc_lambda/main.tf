resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_173:without kms_keys Lambda encrypts the environment at rest with its own key; secrets belong in Secrets Manager
  #checkov:skip=CKV_AWS_272:the bundle's hash or the S3 object's version, which the plan shows, determines the code

  function_name                  = var.name
  filename                       = var.bundle.path
  s3_bucket                      = try(var.bundle.s3.bucket, null)
  s3_key                         = try(var.bundle.s3.key, null)
  s3_object_version              = try(var.bundle.s3.version, null)
  source_code_hash               = var.bundle.sha256
  package_type                   = local.is_image ? "Image" : "Zip"
  image_uri                      = var.bundle.image_uri
  handler                        = local.is_image ? null : coalesce(var.handler, "handler.handler")
  runtime                        = local.is_image ? null : coalesce(var.runtime, "python3.13")
  code_signing_config_arn        = var.bundle.code_signing_config_arn
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  layers                         = var.layers
  kms_key_arn                    = var.kms_keys.environment
  role                           = local.role_arn
  publish                        = var.alias != null
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)
  tags                           = var.tags

  vpc_config {
    subnet_ids                  = values(var.subnets)
    security_group_ids          = [aws_security_group.this.id]
    ipv6_allowed_for_dual_stack = var.ipv6
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  dynamic "dead_letter_config" {
    for_each = var.dead_letters == null ? [] : [var.dead_letters.target_arn]
    content { target_arn = dead_letter_config.value }
  }

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []
    content { variables = environment.value }
  }

  dynamic "ephemeral_storage" {
    for_each = var.ephemeral_storage_mb == null ? [] : [var.ephemeral_storage_mb]
    content { size = ephemeral_storage.value }
  }

  dynamic "file_system_config" {
    for_each = var.file_system == null ? [] : [var.file_system]

    content {
      arn              = file_system_config.value.access_point_arn
      local_mount_path = file_system_config.value.mount_path
    }
  }

  dynamic "logging_config" {
    for_each = var.logging == null ? [] : [var.logging]

    content {
      log_format            = logging_config.value.format
      application_log_level = logging_config.value.application_level
      system_log_level      = logging_config.value.system_level
    }
  }

  dynamic "snap_start" {
    for_each = var.release.snap_start ? ["PublishedVersions"] : []
    content { apply_on = snap_start.value }
  }

  # The first invocation needs all three. Without the log group Lambda would create one that no destroy removes.
  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.this,
    aws_vpc_security_group_egress_rule.this,
  ]
}

resource "aws_lambda_alias" "this" {
  count = var.alias == null ? 0 : 1

  name             = var.alias
  description      = "The version that callers of ${var.name} get"
  function_name    = aws_lambda_function.this.function_name
  function_version = coalesce(var.release.stable_version, aws_lambda_function.this.version)

  dynamic "routing_config" {
    for_each = var.release.canary_weight > 0 ? [var.release.canary_weight] : []

    content {
      additional_version_weights = { (aws_lambda_function.this.version) = routing_config.value }
    }
  }

  lifecycle {
    precondition {
      condition     = var.release.canary_weight == 0 || var.release.stable_version != aws_lambda_function.this.version
      error_message = "release.stable_version is ${coalesce(var.release.stable_version, "null")}, the newest version: it must be an older one, or canary_weight 0."
    }
  }
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.release.provisioned_concurrency == null ? 0 : 1

  function_name                     = aws_lambda_alias.this[0].function_name
  qualifier                         = aws_lambda_alias.this[0].name
  provisioned_concurrent_executions = var.release.provisioned_concurrency
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:without kms_keys CloudWatch Logs encrypts at rest with its own keys
  #checkov:skip=CKV_AWS_338:the caller sets the retention with log_retention_days

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_keys.logs
  tags              = var.tags
}
