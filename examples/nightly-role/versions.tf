terraform {
  required_version = ">= 1.11"

  # pass the bucket, the key and the region to terraform init
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
    # IAM is global, so the tags of a stack include its region
    tags = { Stack = var.name, Region = var.region }
  }
}
