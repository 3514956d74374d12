"""Queues, topics, logs and parameters: what moto serves of them, with AWS's order of messages."""
