"""Rendering of positioned shapes to SVG and PNG."""
