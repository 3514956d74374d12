terraform {
  required_version = ">= 1.11"

  # vpcache passes the bucket, the key and the region
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      Project     = "vpcache"
      Environment = var.environment
      Region      = var.region
      Stack       = var.name
    }
  }
}
