"""The diagram of an environment: Terraform's JSON to a model, the model to SVG, SVG to PNG."""
