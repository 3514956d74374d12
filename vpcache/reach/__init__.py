"""Who can reach whom: networks from Terraform's plans and states, proven by `vpcache.lab.prover`."""
