"""The controller of failover between the zones' NAT gateways. EventBridge invokes it each minute."""

import functools
import os

import boto3
import settings
from botocore.config import Config
from controller import Controller
from routes import Routes

CHECK = Config(connect_timeout=2, read_timeout=8, retries={"total_max_attempts": 1})


@functools.cache
def controller() -> Controller:
    """Return the controller of this worker."""
    values = settings.from_environment(os.environ)
    ec2 = boto3.client("ec2", config=Config(connect_timeout=2, read_timeout=5))
    return Controller(values, Routes(ec2, values.zones), boto3.client("lambda", config=CHECK))


def handler(event, context):
    """Run the rounds of one minute. Raises RunError if a zone is failed over, or if a call failed."""
    controller().run_minute()
