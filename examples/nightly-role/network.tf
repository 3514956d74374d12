locals {
  ec2 = "arn:${local.partition}:ec2:${var.region}:${local.account}"

  has_stack_tag     = { StringLike = { "aws:ResourceTag/Stack" = "${var.prefix}*" } }
  request_stack_tag = { StringLike = { "aws:RequestTag/Stack" = "${var.prefix}*" } }
  in_region         = { StringEquals = { "aws:RequestedRegion" = var.region } }

  # the resource type that each action creates, and the types of the existing resources that it refers to
  create_actions = {
    "ec2:AllocateAddress"       = { type = "elastic-ip", parents = [] }
    "ec2:CreateFlowLogs"        = { type = "vpc-flow-log", parents = ["vpc"] }
    "ec2:CreateInternetGateway" = { type = "internet-gateway", parents = [] }
    "ec2:CreateNatGateway"      = { type = "natgateway", parents = ["elastic-ip", "subnet"] }
    "ec2:CreateNetworkAcl"      = { type = "network-acl", parents = ["vpc"] }
    "ec2:CreateRouteTable"      = { type = "route-table", parents = ["vpc"] }
    "ec2:CreateSecurityGroup"   = { type = "security-group", parents = ["vpc"] }
    "ec2:CreateSubnet"          = { type = "subnet", parents = ["vpc"] }
    "ec2:CreateVpc"             = { type = "vpc", parents = [] }
    "ec2:CreateVpcEndpoint"     = { type = "vpc-endpoint", parents = ["route-table", "vpc"] }
  }

  network = [
    {
      Sid    = "DescribeNetwork"
      Effect = "Allow"
      Action = [
        "ec2:DescribeAddresses",
        "ec2:DescribeAddressesAttribute",
        "ec2:DescribeEgressOnlyInternetGateways",
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
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
        "ec2:DescribeVpnGateways",
      ]
      Resource  = ["*"]
      Condition = local.in_region
    },
    {
      Sid    = "ManageStackNetwork"
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
        "ec2:DisassociateAddress", # unused in a night: an elastic IP that an interrupted run left associated
        "ec2:DisassociateRouteTable",
        "ec2:ModifySecurityGroupRules", # unused in a night: a changed rule
        "ec2:ModifySubnetAttribute",    # unused in a night: a changed attribute of a subnet
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
        "ec2:ReleaseAddress",
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:ReplaceRoute", # unused in a night: a changed target of a route
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
      ]
      Resource  = ["${local.ec2}:*"]
      Condition = local.has_stack_tag
    },
    {
      # rules are created with the default tags of the provider
      Sid       = "CreateSecurityGroupRules"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
      Resource  = ["${local.ec2}:security-group-rule/*"]
      Condition = local.request_stack_tag
    },
    {
      Sid      = "TagOnCreate"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}:*"]
      Condition = { StringEquals = { "ec2:CreateAction" = [
        for action in concat(keys(local.create_actions), local.rule_actions) : split(":", action)[1]
      ] } }
    },
    {
      # the default security group of a VPC has no tags; Terraform tags it before it removes its rules
      Sid       = "TagDefaultSecurityGroup"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = merge(local.request_stack_tag, { Null = { "aws:ResourceTag/Stack" = "true" } })
    },
    {
      # other tags of the stacks' resources; the tag Stack retains the prefix
      Sid       = "TagStackResources"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}:*"]
      Condition = merge(local.has_stack_tag, { StringLikeIfExists = { "aws:RequestTag/Stack" = "${var.prefix}*" } })
    },
    {
      Sid      = "UntagStackResources"
      Effect   = "Allow"
      Action   = ["ec2:DeleteTags"]
      Resource = ["${local.ec2}:*"]
      Condition = merge(local.has_stack_tag, {
        "ForAllValues:StringNotEquals" = { "aws:TagKeys" = ["Stack"] }
        Null                           = { "aws:TagKeys" = "false" }
      })
    },
    {
      # ElastiCache and Lambda may call it for the caller; the interface has no tags, its subnet and security groups have
      Sid      = "CreateNetworkInterfaces"
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterface"]
      Resource = ["${local.ec2}:network-interface/*"]
    },
    {
      Sid       = "CreateNetworkInterfacesInStacks"
      Effect    = "Allow"
      Action    = ["ec2:CreateNetworkInterface"]
      Resource  = ["${local.ec2}:security-group/*", "${local.ec2}:subnet/*"]
      Condition = local.has_stack_tag
    },
    {
      # AWS creates these without tags: network interfaces of deleted functions and of gateways, default network ACLs.
      # AWS also authorizes the instance of an attachment.
      Sid    = "ReleaseUntaggedResources"
      Effect = "Allow"
      Action = [
        "ec2:DeleteNetworkInterface",
        "ec2:DetachNetworkInterface", # unused in a night: on AWS only, for the network interfaces of deleted functions
        "ec2:DisassociateAddress",    # unused in a night: an elastic IP that an interrupted run left associated
        "ec2:ReplaceNetworkAclAssociation",
      ]
      Resource = [for type in ["instance", "network-acl", "network-interface"] : "${local.ec2}:${type}/*"]
    },
  ]

  # a separate policy, as a policy is limited to 6144 characters
  network_parts = concat(
    [for action, created in local.create_actions : {
      Sid       = split(":", action)[1]
      Effect    = "Allow"
      Action    = [action]
      Resource  = ["${local.ec2}:${created.type}/*"]
      Condition = local.request_stack_tag
    }],
    [for action, created in local.create_actions : {
      Sid       = "${split(":", action)[1]}Parents"
      Effect    = "Allow"
      Action    = [action]
      Resource  = [for type in created.parents : "${local.ec2}:${type}/*"]
      Condition = local.has_stack_tag
    } if length(created.parents) > 0],
  )

  rule_actions = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
}
