locals {
  ec2 = "arn:${local.partition}:ec2:${var.region}:${local.account}"

  ours  = { StringLike = { "aws:ResourceTag/Stack" = "${var.prefix}*" } }
  asked = { StringLike = { "aws:RequestTag/Stack" = "${var.prefix}*" } }
  here  = { StringEquals = { "aws:RequestedRegion" = var.region } }

  # what each makes, and what it makes it in or of
  makes = {
    "ec2:AllocateAddress"       = { new = "elastic-ip", of = [] }
    "ec2:CreateFlowLogs"        = { new = "vpc-flow-log", of = ["vpc"] }
    "ec2:CreateInternetGateway" = { new = "internet-gateway", of = [] }
    "ec2:CreateNatGateway"      = { new = "natgateway", of = ["elastic-ip", "subnet"] }
    "ec2:CreateNetworkAcl"      = { new = "network-acl", of = ["vpc"] }
    "ec2:CreateRouteTable"      = { new = "route-table", of = ["vpc"] }
    "ec2:CreateSecurityGroup"   = { new = "security-group", of = ["vpc"] }
    "ec2:CreateSubnet"          = { new = "subnet", of = ["vpc"] }
    "ec2:CreateVpc"             = { new = "vpc", of = [] }
    "ec2:CreateVpcEndpoint"     = { new = "vpc-endpoint", of = ["route-table", "vpc"] }
  }

  network = [
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "ec2:DescribeAddresses",
        "ec2:DescribeAddressesAttribute",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
      ]
      Resource  = ["*"]
      Condition = local.here
    },
    {
      Sid    = "ChangeOurs"
      Effect = "Allow"
      Action = [
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateRoute",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteNatGateway",
        "ec2:DeleteNetworkAcl",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints",
        "ec2:DetachInternetGateway",
        "ec2:DisassociateAddress",
        "ec2:DisassociateRouteTable",
        "ec2:ModifySecurityGroupRules",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
        "ec2:ReleaseAddress",
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:ReplaceRoute",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
      ]
      Resource  = ["${local.ec2}:*"]
      Condition = local.ours
    },
    {
      # rules are made with the tags of the provider
      Sid       = "MakeRules"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
      Resource  = ["${local.ec2}:security-group-rule/*"]
      Condition = local.asked
    },
    {
      Sid       = "TagWhatIsMade"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:*"]
      Condition = { StringEquals = { "ec2:CreateAction" = [for action in concat(keys(local.makes), local.rules) : split(":", action)[1]] } }
    },
    {
      # a VPC's default group and its rules come untagged; Terraform tags the group before it empties it
      Sid       = "TagDefaultGroup"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = merge(local.asked, { Null = { "aws:ResourceTag/Stack" = "true" } })
    },
    {
      # other tags of what is ours; its tag Stack stays one of ours
      Sid       = "RetagOurs"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:*"]
      Condition = merge(local.ours, { StringLikeIfExists = { "aws:RequestTag/Stack" = "${var.prefix}*" } })
    },
    {
      Sid      = "UntagOurs"
      Effect   = "Allow"
      Action   = ["ec2:DeleteTags"]
      Resource = ["${local.ec2}:*"]
      Condition = merge(local.ours, {
        "ForAllValues:StringNotEquals" = { "aws:TagKeys" = ["Stack"] }
        Null                           = { "aws:TagKeys" = "false" }
      })
    },
    {
      # ElastiCache and Lambda may ask for it in the caller's name; the interface bears no tag, its subnet and groups do
      Sid      = "Interfaces"
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterface"]
      Resource = ["${local.ec2}:network-interface/*"]
    },
    {
      Sid       = "InterfacesInOurs"
      Effect    = "Allow"
      Action    = ["ec2:CreateNetworkInterface"]
      Resource  = ["${local.ec2}:security-group/*", "${local.ec2}:subnet/*"]
      Condition = local.ours
    },
    {
      # AWS's own, without tags: a function's interfaces that outlive it, a gateway's, and a VPC's default ACL
      Sid    = "LetGo"
      Effect = "Allow"
      Action = [
        "ec2:DeleteNetworkInterface",
        "ec2:DetachNetworkInterface",
        "ec2:DisassociateAddress",
        "ec2:ReplaceNetworkAclAssociation",
      ]
      Resource = ["${local.ec2}:network-acl/*", "${local.ec2}:network-interface/*"]
    },
    {
      # the other end of an interface; AWS asks for both
      Sid      = "LetGoOfInstances"
      Effect   = "Allow"
      Action   = ["ec2:DetachNetworkInterface"]
      Resource = ["${local.ec2}:instance/*"]
    },
  ]

  # in a policy of its own, as one has room for 6144 characters
  network_parts = concat(
    [for action, place in local.makes : {
      Sid       = "Make${split(":", action)[1]}"
      Effect    = "Allow"
      Action    = [action]
      Resource  = ["${local.ec2}:${place.new}/*"]
      Condition = local.asked
    }],
    [for action, place in local.makes : {
      Sid       = "Of${split(":", action)[1]}"
      Effect    = "Allow"
      Action    = [action]
      Resource  = [for kind in place.of : "${local.ec2}:${kind}/*"]
      Condition = local.ours
    } if length(place.of) > 0],
  )

  rules = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
}
