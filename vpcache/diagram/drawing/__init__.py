"""From a laid out picture to SVG and PNG."""
