"""Lambda, with network interfaces in VPCs and the lab's function runner instead of Docker."""
