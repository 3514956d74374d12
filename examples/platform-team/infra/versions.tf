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
  region = var.region

  default_tags {
    tags = { Stack = var.name, Region = var.region }
  }
}
