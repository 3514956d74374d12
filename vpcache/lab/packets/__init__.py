"""Packets of chosen flows in the running lab: which are answered, and from which address they are seen."""
