"""Refuses bodies that AWS's services cannot read: malformed, too deep, or of other types than the model."""
