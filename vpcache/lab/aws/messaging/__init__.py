"""SQS: moto's queues with AWS's order of messages."""
