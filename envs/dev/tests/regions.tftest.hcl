mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

variables {
  name       = "vpcache-dev"
  account_id = "123456789012"
  region     = "eu-west-1"
  flow_logs  = {}

  bundles = {
    cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    origin       = { path = "origin.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "zones_and_roles_follow_the_region" {
  command = plan

  assert {
    condition     = output.zones == tolist(["eu-west-1a", "eu-west-1b"])
    error_message = "the zones are not in the region"
  }

  assert {
    condition = [module.cached_api.role_name, module.vpc.flow_logs_role_name, module.origin[0].role_name] == [
      "vpcache-dev-cached-api-eu-west-1", "vpcache-dev-flow-logs-eu-west-1", "vpcache-dev-origin-eu-west-1",
    ]
    error_message = "a role's name lacks the region, so a stack of the same name in us-east-1 would collide"
  }
}
