"""An AWS region on loopback: moto for the control plane, the Linux kernel for the data plane."""
