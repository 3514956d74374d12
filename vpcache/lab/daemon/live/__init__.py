"""The page of the lab (`lab.open`): what it shows, and the events and actions behind it."""
