# The default origin is a function of this stack behind a public URL. The cached API reaches it by the NAT gateway of its zone, as it
# would reach any API on the internet, and no third-party service is under load. The origin answers only the NAT gateways' addresses.

module "origin" {
  source = "../../modules/vpc_lambda"
  count  = local.has_origin ? 1 : 0

  name        = "${var.name}-origin"
  role_name   = "${var.name}-origin${local.role_suffix}"
  bundle      = var.bundles["origin"]
  vpc_id      = module.vpc.vpc_id
  subnets     = local.private_subnets
  memory_size = 128

  # Lambda serves the URL, so the function needs no egress rules.
  environment = { ALLOWED_ADDRESSES = join(",", sort(distinct(values(module.nat_per_az.egress_ips)))) }

  log_retention_days = var.log_retention_days
}

# Since October 2025 a public URL needs both permissions:
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html#urls-auth-none
# They are created before the URL: otherwise the provider adds the first one itself and does not delete it.
resource "aws_lambda_permission" "origin_url" {
  #checkov:skip=CKV_AWS_301:the origin's data is public, and it answers only the stack's NAT gateways

  count = local.has_origin ? 1 : 0

  statement_id           = "FunctionURLAllowPublicAccess"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.origin[0].function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# The condition lambda:InvokedViaFunctionUrl would restrict this permission to the URL; the provider supports it from 6.29 on, as
# invoked_via_function_url. With 5.100 any AWS account may also call the Invoke API, whose answers are not confidential.
# https://github.com/hashicorp/terraform-provider-aws/issues/44829
resource "aws_lambda_permission" "origin_invoke" {
  #checkov:skip=CKV_AWS_301:the origin's data is public; see the comment above for the condition that provider 5.100 lacks

  count = local.has_origin ? 1 : 0

  statement_id  = "FunctionURLAllowInvokeAction"
  action        = "lambda:InvokeFunction"
  function_name = module.origin[0].function_name
  principal     = "*"
}

resource "aws_lambda_function_url" "origin" {
  #checkov:skip=CKV_AWS_258:the origin is a public API that rejects addresses other than the NAT gateways'

  count = local.has_origin ? 1 : 0

  function_name      = module.origin[0].function_name
  authorization_type = "NONE"

  # callers may use the URL as soon as it exists
  depends_on = [aws_lambda_permission.origin_url, aws_lambda_permission.origin_invoke]
}
