"""The prover: decides from a topology which packets can pass between two ends, and why. No I/O."""
