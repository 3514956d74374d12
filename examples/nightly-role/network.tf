locals {
  ec2 = "arn:aws:ec2:${var.region}:${local.account}"

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

  network = concat(
    [
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
          "ec2:ModifyVpcAttribute",
          "ec2:ReleaseAddress",
          "ec2:ReplaceNetworkAclAssociation",
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
        Condition = local.asked
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
    ],
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
