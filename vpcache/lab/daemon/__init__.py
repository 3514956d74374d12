"""The lab's daemon: its server, the lab's own API, and the reconcile loop."""
