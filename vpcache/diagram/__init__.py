"""An environment as a picture: Terraform's JSON to a model, the model to SVG, SVG to PNG."""
