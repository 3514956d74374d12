"""Servers inside the lab: DNS, the internet's hosts, AWS's API hosts, the certificate authority."""
