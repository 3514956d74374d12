"""The lab's process: server, admin API, and the reconcile loop."""
