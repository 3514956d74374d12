"""What a stack costs a month and by use, from what Terraform tells of it and a dated table of prices."""
