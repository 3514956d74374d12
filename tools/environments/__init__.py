"""Virtual environments: the packages of developers in the one of ./inv, MkDocs and checkov in their own."""
