terraform {
  required_version = ">= 1.11"

  # where the state lies is said when it is applied
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
    tags = { Stack = var.name }
  }
}
