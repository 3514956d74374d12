"""Drive a vpcache stack from outside: apply it, question it, tear it down."""
