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
    # IAM is global: what belongs to a stack bears its region too
    tags = { Stack = var.name, Region = var.region }
  }
}
