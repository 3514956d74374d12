resource "aws_elasticache_serverless_cache" "this" {
  count = local.is_serverless ? 1 : 0

  name                 = var.name
  engine               = "memcached"
  major_engine_version = "1.6"
  description          = "Serverless cache ${var.name}"
  kms_key_id           = var.serverless.kms_key_id
  subnet_ids           = values(var.subnets)
  security_group_ids   = [aws_security_group.this.id]
  tags                 = var.tags

  dynamic "cache_usage_limits" {
    for_each = var.serverless.max_data_gb == null && var.serverless.max_ecpu_per_second == null ? [] : [var.serverless]

    content {
      dynamic "data_storage" {
        for_each = cache_usage_limits.value.max_data_gb[*]

        content {
          maximum = data_storage.value
          unit    = "GB"
        }
      }

      dynamic "ecpu_per_second" {
        for_each = cache_usage_limits.value.max_ecpu_per_second[*]

        content {
          maximum = ecpu_per_second.value
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = !anytrue(values(local.node_inputs))
      error_message = "serverless is set, and so are ${join(", ", [for name, is_set in local.node_inputs : name if is_set])}: they must be unset, as a serverless cache has no nodes, and always TLS."
    }
  }
}
