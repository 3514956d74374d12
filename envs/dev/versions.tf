terraform {
  required_version = ">= 1.11"

  # where the state lies is the target's to say
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = {
      Project     = "vpcache"
      Environment = var.environment
      Stack       = var.name
    }
  }
}
