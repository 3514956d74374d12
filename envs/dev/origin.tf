# the default origin: a function of the stack's own behind a public URL. The cached API reaches it as it would reach
# any API of the internet, by its zone's NAT gateway; nobody else's service is loaded. The origin answers no other
# address than those of the NAT gateways.

locals {
  has_origin = var.origin_url == null
  origin_url = local.has_origin ? trimsuffix(one(aws_lambda_function_url.origin[*].function_url), "/") : var.origin_url
}

module "origin" {
  source = "../../modules/vpc_lambda"
  count  = local.has_origin ? 1 : 0

  name        = "${var.name}-origin"
  role_name   = "${var.name}-origin${local.role_suffix}"
  bundle      = var.bundles["origin"]
  vpc_id      = module.vpc.vpc_id
  subnets     = local.private_subnets
  memory_size = 128

  # Lambda itself serves the URL, so the function needs no way out: it has no egress rules
  environment = { ALLOWED_ADDRESSES = join(",", sort(values(module.nat_per_az.egress_ips))) }

  log_retention_days = var.log_retention_days
}

# Since October 2025 a public URL needs both permissions:
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html#urls-auth-none
# They come before the URL: the provider adds the first one by itself otherwise, and leaves it behind.
resource "aws_lambda_permission" "origin_url" {
  #checkov:skip=CKV_AWS_301:the origin is public data; it answers the stack's own NAT gateways only

  count = local.has_origin ? 1 : 0

  statement_id           = "FunctionURLAllowPublicAccess"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.origin[0].function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# Lambda's own condition for it is lambda:InvokedViaFunctionUrl, which the provider's argument invoked_via_function_url
# sets from 6.29 on. 5.100 cannot express it: until envs need a newer provider, any AWS account may also call the
# Invoke API, for answers that are no secret.
# https://github.com/hashicorp/terraform-provider-aws/issues/44829
resource "aws_lambda_permission" "origin_invoke" {
  #checkov:skip=CKV_AWS_301:the origin is public data; see above for the condition that provider 5.100 lacks

  count = local.has_origin ? 1 : 0

  statement_id  = "FunctionURLAllowInvokeAction"
  action        = "lambda:InvokeFunction"
  function_name = module.origin[0].function_name
  principal     = "*"
}

resource "aws_lambda_function_url" "origin" {
  #checkov:skip=CKV_AWS_258:a public API is what the cached API stands in front of; the origin refuses foreign addresses

  count = local.has_origin ? 1 : 0

  function_name      = module.origin[0].function_name
  authorization_type = "NONE"

  # whoever knows the URL may call it at once
  depends_on = [aws_lambda_permission.origin_url, aws_lambda_permission.origin_invoke]
}
